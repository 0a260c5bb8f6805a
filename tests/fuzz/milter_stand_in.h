/* libmilter as the daemon's callbacks see it, driven by an input; and, as the callbacks' other
 * side, the threads that they hand records and log lines to. */
#ifndef TESTS_FUZZ_MILTER_STAND_IN_H
#define TESTS_FUZZ_MILTER_STAND_IN_H

#include <libmilter/mfapi.h>

#include "policy/bytes.h"

struct smfi_str *stand_in_new(void);
void stand_in_free(struct smfi_str *context);

/* What the callback asked for (SMFIP_*). */
void stand_in_negotiated(struct smfi_str *context, unsigned long protocol);

/* What writer_works answers. */
void stand_in_writer_works(bool works);

/* Takes one packet off the front and calls its callback: a byte that says which, as the protocol
 * has it (C connect, H helo, M mail, R rcpt, T data, L field, B body, E end, A abort, K a new
 * connection, D a macro), and a piece (tests/fuzz/fuzz.h). False: there is none. Fails where the
 * callback does what libmilter would refuse, or leaves out or doubles a record. */
bool stand_in_packet(struct smfi_str *context, struct bytes *rest);

#endif
