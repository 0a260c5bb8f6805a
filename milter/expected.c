/* The admin's expectations at a start and at a reload. */
#include "milter/expected.h"

#include <time.h>

#include "gate/expectations.h"

static bool holds(struct snapshot *snapshot, struct expectations_tally *tally, struct error *error)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return expectations_check(snapshot, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, tally,
                              error);
}

bool expected_holds(struct snapshot *snapshot, struct error *error)
{
    struct expectations_tally tally;
    return holds(snapshot, &tally, error);
}

bool expected_lets_start(struct snapshot *snapshot, struct error *error)
{
    struct expectations_tally tally;
    return holds(snapshot, &tally, error) || (tally.untold && !tally.broken);
}

void expected_warn(struct snapshot *snapshot, advice_say *say)
{
    struct error error;
    if (!expected_holds(snapshot, &error))
        say("%s", error.text);
}
