/* One message over a session, from MAIL to what came back. */
#ifndef BENCH_LOAD_MESSAGE_H
#define BENCH_LOAD_MESSAGE_H

#include "tests/bench/load/block.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/session.h"

struct content {
    const struct options *options;
    struct block block;
    char *body;
};

MUST_CHECK bool content_init(struct content *content, const struct options *options,
                             struct error *error);
void content_done(struct content *content);

/* Sends message number, and checks what came back. sample: whether it is the one to keep. False
 * also where something else came. */
MUST_CHECK bool message_send(struct session *session, const struct content *content,
                             unsigned number, bool sample, struct error *error);

/* Sends the beginning of one, as far as a session is held. */
MUST_CHECK bool message_begin(struct session *session, const struct content *content,
                              enum hold_at until, struct error *error);

#endif
