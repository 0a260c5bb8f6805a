/* Who may use an address: all whom senders_ask would grant it to, and the rows that say so. */
#ifndef TABLES_OWNERS_H
#define TABLES_OWNERS_H

#include "tables/senders.h"

struct owner {
    struct bytes login;  /* as the row has it; no bytes: the row names none */
    struct bytes source; /* the row, or "login" */
    bool hidden;         /* a row before this one has answered, so that this one never does */
};

/* Gives visit each login of each row that could answer for the mailbox, in the order in which they
 * are asked: the first row decides, the others are hidden. A mailbox without a local part asks for
 * its domain's @domain rows. Without tables: each form of a login that owns it. Bytes are good as
 * long as the arena; visit returns false to stop.
 *
 * FOUND: a row answers (it may name nobody). ABSENT: none does. UNAVAILABLE: ret_reason says what
 * did not answer before any row did; nothing was visited. */
enum table_result owners_each(const struct senders *senders, struct arena *arena,
                              const struct mailbox *mailbox,
                              bool (*visit)(void *context, const struct owner *owner),
                              void *context, struct bytes *ret_reason);

#endif
