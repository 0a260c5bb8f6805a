/* One thread a session, as Postfix has one process a client: each opens a session, sends its
 * messages one after the other, closes it and opens the next. */
#ifndef BENCH_LOAD_WORKERS_H
#define BENCH_LOAD_WORKERS_H

#include "tests/bench/load/latency.h"
#include "tests/bench/load/message.h"

struct workers_result {
    struct latency latency; /* of each message, MAIL to the reply at its end */
    uint64_t took_us;       /* all together, by the clock */
    unsigned sessions;
};

/* Returns when all messages are sent, or with what came of the first that went wrong. The caller
 * frees ret_result->latency. */
MUST_CHECK bool workers_run(const struct content *content, struct workers_result *ret_result,
                            struct error *error);

uint64_t workers_now_us(void);

/* The address that session number logs in as. */
void workers_login(const struct options *options, unsigned number, char *ret_login, size_t room);

#endif
