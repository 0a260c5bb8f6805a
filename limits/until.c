/* Waiting on a condition. */
#include "limits/until.h"

#include <errno.h>
#include <time.h>

#include "limits/limits.h"

bool until_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t by)
{
    const struct timespec until = {by / 1000, by % 1000 * 1000000};
    if (by == LIMITS_FOREVER)
        return pthread_cond_wait(condition, lock) == 0;
    return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}
