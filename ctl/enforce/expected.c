/* Trying expectations before anything is written. */
#include "ctl/enforce/expected.h"

#include <time.h>

#include "gate/expectations.h"

#define MOST_LINES 20

struct naming {
    struct plan *plan;
    enum expectation_result result; /* whose lines are named */
    size_t named;
};

static void name_line(void *context, const struct expectation *expectation,
                      const struct finding *finding)
{
    struct naming *naming = context;
    if (finding->result != naming->result || naming->named++ >= MOST_LINES)
        return;
    bool broken = finding->result == EXPECTATION_BROKEN;
    plan_say(naming->plan, PLAN_WARNING, "%s:%u: %s\"%.*s\" would %shold: %s%s", expectation->file,
             expectation->line, broken ? "" : "it cannot be told whether ",
             (int)expectation->text.len, expectation->text.data, broken ? "not " : "",
             broken ? "it would be " : "", finding->happens);
}

static void name_lines(const struct expectations *expectations, struct snapshot *snapshot,
                       int64_t now, enum expectation_result result, struct plan *plan)
{
    struct naming naming = {plan, result, 0};
    struct expectations_tally again;
    expectations_judge(expectations, snapshot, now, name_line, &naming, &again);
    if (naming.named > MOST_LINES)
        plan_say(plan, PLAN_WARNING, "and %zu more", naming.named - MOST_LINES);
}

static bool judge(struct snapshot *snapshot, const struct expectations *expectations,
                  struct plan *plan, struct error *error)
{
    int64_t now = (int64_t)time(NULL) * 1000;
    struct expectations_tally tally;
    expectations_judge(expectations, snapshot, now, NULL, NULL, &tally);
    if (tally.broken)
        name_lines(expectations, snapshot, now, EXPECTATION_BROKEN, plan);
    else if (tally.untold)
        name_lines(expectations, snapshot, now, EXPECTATION_UNTOLD, plan);
    return !tally.broken ||
           error_set(error,
                     "%zu of %zu expectations would not hold, and no daemon would take the "
                     "configuration: nothing was changed; mend the %s where it is out of date",
                     tally.broken, tally.broken + tally.held + tally.untold,
                     tally.broken == 1 ? "line" : "lines");
}

bool expected_lets_change(struct settings *settings, struct plan *plan, struct error *error)
{
    static const char no_try[] = "the expectations could not be tried, and nothing was changed: ";
    struct expectations *expectations;
    struct snapshot *snapshot;
    if (!settings->expectations.count)
        return true;
    if (!expectations_read(&settings->expectations, &expectations, error))
        return error_prefix(error, no_try);
    bool good = snapshot_of(settings, NULL, &snapshot, error) || error_prefix(error, no_try);
    if (good) {
        good = judge(snapshot, expectations, plan, error);
        snapshot_unref(snapshot);
    }
    expectations_free(expectations);
    return good;
}
