/* What senders, owners and grants share: the order in which tables are asked. */
#ifndef TABLES_SENDERS_PRIVATE_H
#define TABLES_SENDERS_PRIVATE_H

#include "tables/senders.h"

struct senders {
    const struct site *site;
    char *delimiters; /* empty: no extensions */
    bool keep_case;
    struct table **tables;
    size_t table_count;
};

/* One question to one table. */
struct senders_place {
    size_t key;
    size_t table;
};

/* The first answer at the place or behind it. ABSENT: there is none; else place is where it came
 * from. */
enum table_result senders_answer(const struct senders *senders, struct arena *arena,
                                 const struct sender_keys *keys, struct senders_place *place,
                                 struct table_answer *ret_answer);

/* local@domain, or a bare local part, as it can be asked for: quoted where it must be, with its
 * case kept where that counts. In the arena. */
struct bytes senders_written(const struct senders *senders, struct arena *arena,
                             const struct mailbox *mailbox);

/* Without tables: whether the login, parsed, owns the mailbox. When memory is out: arena_failed().
 */
bool senders_login_owns(const struct senders *senders, struct arena *arena,
                        const struct mailbox *login, const struct mailbox *mailbox);

#endif
