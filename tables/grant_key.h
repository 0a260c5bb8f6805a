/* Which addresses a row's key could answer for: sender_keys the other way round. */
#ifndef TABLES_GRANT_KEY_H
#define TABLES_GRANT_KEY_H

#include "tables/senders_private.h"

struct grant_key {
    struct mailbox mailbox;  /* @domain: of any plain address there */
    struct sender_keys keys; /* the mailbox's */
    bool domain;
};

/* The key of a row of that table. False: nothing is ever asked for under it; ret_why says why, in
 * the arena. */
MUST_CHECK bool grant_key_read(const struct senders *senders, const struct table *table,
                               struct arena *arena, struct bytes key, struct grant_key *ret_key,
                               struct bytes *ret_why);

/* The bytes with which an extension may begin so that without it the address is this one, in the
 * arena. ret_keys, where there are any: what is asked for with one of them. */
struct bytes grant_key_extensions(const struct senders *senders, struct arena *arena,
                                  const struct mailbox *mailbox, struct sender_keys *ret_keys);

/* The first of the keys that has the form, or a later one. */
size_t grant_key_first(const struct sender_keys *keys, enum sender_key_form form);

#endif
