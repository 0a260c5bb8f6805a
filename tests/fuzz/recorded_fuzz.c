/* Records that others may have written: whatever they say is refused with a reason, or can be
 * judged again; and what was judged again can be recorded, read, and judged to the same. */
#include "gate/replay.h"

#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/case_judge.h"
#include "tests/unit/replay_unlike.h"

static struct snapshot *snapshot;

static void end(void)
{
    snapshot_unref(snapshot);
    case_end();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct policy_case one = {0};
    (void)argc;
    (void)argv;
    if (!case_begin())
        fuzz_fail("no folder for the configuration");
    snapshot = snapshot_ref(case_snapshot(&one));
    if (!snapshot)
        fuzz_fail("no configuration");
    atexit(end);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recorded *recorded = NULL;
    struct replayed replayed = {0};
    struct error error = {""};
    if (!recorded_new(fuzz_bytes(data, size), &recorded, &error)) {
        if (!error.text[0])
            fuzz_fail("refused without a reason: %s", fuzz_show(fuzz_bytes(data, size)));
        return 0;
    }
    if (replay_judge(snapshot, recorded, &replayed, &error) && replayed.message) {
        struct recorded *again = replay_unlike_record(replayed.message);
        if (!again)
            fuzz_fail("what was judged again cannot be recorded");
        recorded_free(again);
    }
    replay_done(&replayed);
    recorded_free(recorded);
    return 0;
}
