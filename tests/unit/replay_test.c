/* A decision that is recorded and made again is the same: for every policy case, with the header
 * captured and without it. Prints TAP.
 *
 * Arguments: files of cases; without any: all of $srcdir/tests/cases. */
#include "gate/replay.h"

#include <stdio.h>
#include <string.h>

#include "policy/lookalike.h"
#include "tests/unit/case_judge.h"
#include "tests/unit/replay_unlike.h"

static int run_count;
static int failed_count;

static void run_case(const char *path, const struct policy_case *one, bool captured)
{
    struct snapshot *snapshot = case_snapshot(one);
    struct message *message = NULL;
    struct recorded *recorded = NULL;
    struct replayed replayed = {0};
    struct error error;
    const char *unlike = "all: it cannot be recorded and judged";
    if (snapshot) {
        snapshot->settings->log.capture = captured;
        message = case_judge(one, snapshot);
        recorded = replay_unlike_record(message);
    }
    if (recorded && replay_judge(snapshot, recorded, &replayed, &error)) {
        unlike = replay_unlike_message(message, replayed.message);
        if (!unlike)
            unlike = replay_unlike_replayed(&replayed, captured, message->facts.header.dropped);
    }
    failed_count += unlike != NULL;
    printf("%s %d - %s:%d %s%s\n", unlike ? "not ok" : "ok", ++run_count, strrchr(path, '/') + 1,
           one->line, one->title, captured ? ", captured" : "");
    if (unlike)
        printf("#   another: %s\n", unlike);
    replay_done(&replayed);
    recorded_free(recorded);
    message_free(message);
}

static void run(const char *path, const struct policy_case *one)
{
    if (one->needs && !lookalike_has_skeletons())
        return;
    run_case(path, one, true);
    run_case(path, one, false);
}

int main(int argc, char **argv)
{
    if (!case_begin())
        return 1;
    bool good = case_each(argc, argv, run);
    printf("1..%d\n", run_count);
    case_end();
    return failed_count || !good || !run_count;
}
