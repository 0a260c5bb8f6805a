/* Swapping whole snapshots. */
#include "milter/current.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct snapshot *current;
static atomic_bool draining;

struct snapshot *current_snapshot(void)
{
    pthread_mutex_lock(&lock);
    struct snapshot *snapshot = current ? snapshot_ref(current) : NULL;
    pthread_mutex_unlock(&lock);
    return snapshot;
}

void current_replace(struct snapshot *snapshot)
{
    pthread_mutex_lock(&lock);
    struct snapshot *before = current;
    current = snapshot;
    pthread_mutex_unlock(&lock);
    snapshot_unref(before);
}

void current_drain(void)
{
    atomic_store(&draining, true);
}

bool current_is_draining(void)
{
    return atomic_load(&draining);
}
