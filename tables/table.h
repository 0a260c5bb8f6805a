/* One look-up table behind one interface, whatever it is made of.
 *
 * Kinds: texthash:PATH, inline:{ { key = value }, ... }, pcre:PATH, lmdb:PATH, cdb:PATH (as Postfix
 * has them: its files and databases can be named as they are). A table is read-only and may be
 * asked from many threads at once. */
#ifndef TABLES_TABLE_H
#define TABLES_TABLE_H

#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/error.h"

struct table;

enum table_result {
    TABLE_FOUND,
    TABLE_ABSENT,      /* a certain no */
    TABLE_UNAVAILABLE, /* it did not answer: never taken for a no */
};

struct table_answer {
    struct bytes value; /* in the arena */
    struct bytes
        source; /* "texthash:/etc/submilter/senders:12 alice@example.com"; on UNAVAILABLE: why */
};

/* Opens "kind:path". On failure the error says what is wrong, where, and how to mend it (for a lmdb
 * or cdb: the postmap command that makes it; for an unreadable file: owner, mode, chmod). */
MUST_CHECK bool table_open(const char *spec, struct table **ret_table, struct error *error);
void table_free(struct table *table);

/* True for tables that match by pattern (pcre): they are asked once, with the whole address. */
bool table_matches_patterns(const struct table *table);

enum table_result table_find(const struct table *table, struct arena *arena, struct bytes key,
                             struct table_answer *ret_answer);

#endif
