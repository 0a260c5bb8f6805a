/* An MTA that says anything in any order, against the daemon's callbacks.
 *
 * In the place of libmilter (tests/fuzz/milter_stand_in.c) packets call the callbacks as it would;
 * the first byte of an input says what was negotiated. Each message and each command that was
 * refused has one record; nothing stays behind a connection's end; replies and changes of the
 * header are what libmilter takes; a line in the log begins with a plain queue id. */
#include "tests/fuzz/milter_stand_in.h"

#include <stdlib.h>

#include "milter/callbacks.h"
#include "milter/connection.h"
#include "milter/current.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/case_judge.h"

#define NO_LEADING_BLANKS 1 /* bits of the first byte */
#define NO_SYMLIST 2
#define NO_REFUSED_RCPTS 4
#define TCP 8
#define DISK_FULL 16

static void end(void)
{
    current_replace(NULL);
    (void)current_clear();
    case_end();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char policy[] = "submission";
    struct policy_case one = {.policy = policy};
    (void)argc;
    (void)argv;
    if (!case_begin())
        fuzz_fail("no folder for the configuration");
    struct snapshot *snapshot = snapshot_ref(case_snapshot(&one));
    if (!snapshot)
        fuzz_fail("no configuration");
    snapshot->settings->log.json = "/dev/null"; /* records are written: to the stand-in */
    snapshot->settings->log.on_error = LOG_ON_ERROR_TEMPFAIL;
    current_replace(snapshot);
    atexit(end);
    return 0;
}

static void negotiate(struct smfi_str *context, unsigned chosen)
{
    unsigned long actions = 0x1FF, protocol = 0x1FFFFF, ret[4] = {0};
    if (chosen & NO_SYMLIST)
        actions &= ~(unsigned long)SMFIF_SETSYMLIST;
    if (chosen & NO_LEADING_BLANKS)
        protocol &= ~(unsigned long)SMFIP_HDR_LEADSPC;
    if (chosen & NO_REFUSED_RCPTS)
        protocol &= ~(unsigned long)SMFIP_RCPT_REJ;
    callbacks_use_tcp((chosen & TCP) != 0);
    callbacks.xxfi_negotiate(context, actions, protocol, 0, 0, &ret[0], &ret[1], &ret[2], &ret[3]);
    if ((ret[0] & ~actions) || (ret[1] & ~protocol))
        fuzz_fail("asked for more than was offered: %#lx %#lx", ret[0], ret[1]);
    stand_in_negotiated(context, ret[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = fuzz_bytes(data, size);
    struct smfi_str *context = stand_in_new();
    unsigned chosen = fuzz_take_byte(&rest);
    stand_in_writer_works(!(chosen & DISK_FULL));
    if (chosen != 0xFF)
        negotiate(context, chosen);
    while (stand_in_packet(context, &rest))
        continue;
    callbacks.xxfi_close(context);
    if (connection_count() || connection_messages())
        fuzz_fail("%u connections and %u messages stay behind", connection_count(),
                  connection_messages());
    stand_in_free(context);
    return 0;
}
