/* A session with a milter, as Postfix holds it: what was negotiated, and how a command goes. */
#ifndef BENCH_LOAD_SESSION_H
#define BENCH_LOAD_SESSION_H

#include "tests/bench/load/macros.h"
#include "tests/bench/load/wire.h"

struct session {
    struct wire wire;
    uint32_t protocol; /* what the filter asked for */
    struct macro_lists lists;
    struct macro_values values; /* for the next command */
    char login[256];
    char same[MACROS_MAX]; /* the macros of a command that comes again and again */
    size_t same_len;
    char same_command; /* 0: none is kept */
};

/* Negotiates, and says CONNECT and HELO. session_close ends it; it takes one that failed to open.
 */
MUST_CHECK bool session_open(struct session *session, const char *milter, const char *login,
                             struct error *error);

/* Says goodbye where said is true; waits for nothing. */
void session_close(struct session *session, bool said);

/* A command and its macros as the filter wants them. ret_reply->command is 0 where no reply is
 * waited for. A reply may be an edit: session_next_reply gives what follows it. */
MUST_CHECK bool session_command(struct session *session, char command, struct bytes data,
                                struct packet *ret_reply, struct error *error);
MUST_CHECK bool session_next_reply(struct session *session, struct packet *ret_reply,
                                   struct error *error);

/* What the macros stand for has changed. */
void session_set_values(struct session *session, const char *rcpt, const char *queue_id);

#endif
