/* Which decisions were these? */
#ifndef HISTORY_FIND_H
#define HISTORY_FIND_H

#include "history/filter.h"
#include "history/history.h"
#include "policy/bytes.h"

/* A row of decisions; the texts are good within the callback. No bytes where the record has none.
 */
struct history_row {
    int64_t seq;
    int64_t time; /* milliseconds since 1970 */
    struct bytes id, queue_id, command, listener, policy, config;
    struct bytes client, network, login, auth_mech, tls_version, cipher;
    struct bytes mail_from, from_address, message_id; /* mail_from without its brackets */
    struct bytes action, rule, reason;
    int64_t rcpt_count, size, usec;
    struct bytes record; /* the whole JSON object, unless the filter does without */
};

/* Calls for each row in the filter's order; row returns false to end it, which is no error. */
MUST_CHECK bool history_find(struct history *history, const struct history_filter *filter,
                             bool (*row)(const struct history_row *row, void *context),
                             void *context, struct error *error);

#endif
