/* One look-up table behind one interface, whatever it is made of.
 *
 * Kinds: texthash:PATH, inline:{ { key = value }, ... }, pcre:PATH, lmdb:PATH, cdb:PATH (as Postfix
 * has them: its files and databases can be named as they are). A table is read-only and may be
 * asked from many threads at once.
 *
 * What Postfix passes over with a warning (a row without a value, a rule that it cannot read) is
 * an error with file and line here, as is a key that stands twice: Postfix's smtpd refuses such a
 * texthash: too.
 *
 * texthash:, pcre: and cdb: are read once, when they are opened; an lmdb: shows what postmap writes
 * into the file at once, but a file put in its place is seen when the table is opened anew. */
#ifndef TABLES_TABLE_H
#define TABLES_TABLE_H

#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/error.h"

struct table;

enum table_case {
    TABLE_FOLD_CASE,  /* keys match without case, as in Postfix: what stands before the last @ by
                         Unicode's full case folding, the domain by its lower case */
    TABLE_KEEP_LOCAL, /* only what follows the last @ does; a lmdb or cdb has to be made by
                         postmap -f */
};

enum table_result {
    TABLE_FOUND,
    TABLE_ABSENT,      /* a certain no */
    TABLE_UNAVAILABLE, /* it did not answer: never taken for a no */
};

struct table_answer {
    struct bytes value; /* in the arena; never empty, valid UTF-8 */
    struct bytes
        source; /* "texthash:/etc/submilter/senders:12 alice@example.com"; on UNAVAILABLE: why */
};

/* Opens "kind:path". On failure the error says what is wrong, where, and how to mend it (for a lmdb
 * or cdb: the postmap command that makes it; for an unreadable file: owner, mode, chmod). */
MUST_CHECK bool table_open(const char *spec, enum table_case letters, struct table **ret_table,
                           struct error *error);

/* Another holder of the same table; each calls table_free. Both are safe from any thread. */
struct table *table_ref(struct table *table);
void table_free(struct table *table);

/* True where table_open would give the same again for certain: the file of a texthash: or pcre: can
 * be read, and is still as it was when it was. False where that can't be told. */
bool table_is_current(const struct table *table);

enum table_case table_letters(const struct table *table);

/* True for tables that match by pattern (pcre): they are asked once, with the whole address. */
bool table_matches_patterns(const struct table *table);

/* A key that is empty, holds a NUL or is no UTF-8 is in no table. */
enum table_result table_find(const struct table *table, struct arena *arena, struct bytes key,
                             struct table_answer *ret_answer);

/* Whether asking for the key can find the row of that key (as table_each gives it): it is the key
 * in one of the spellings that are looked for. */
bool table_asks(const struct table *table, struct arena *arena, struct bytes key,
                struct bytes row_key);

/* "kind:path" as configured. */
const char *table_name(const struct table *table);

/* One row as it stands in the table. Bytes are good until the visitor returns. */
struct table_row {
    struct bytes key;   /* a database's may be any bytes; of a pattern: as written, "!/^a@/" */
    struct bytes value; /* any bytes. varies: with ${1} for what matched, and $$ for a $ */
    bool varies;        /* patterns: what matched stands in the value */
    struct bytes where; /* patterns: the ifs that it stands in, outermost first: "/@b$/ (line 3)";
                           no bytes where there are none */
    const char *place;  /* where it stands: what find's sources begin with */
    unsigned line;      /* 0 where the kind knows none: a database */
};

enum table_walk {
    TABLE_WALKED,
    TABLE_STOPPED, /* the visitor said so */
    TABLE_UNREADABLE,
};

/* Gives every row to visit, in the table's own order; false stops. Takes no more memory for more
 * rows. visit may ask the table. Of an lmdb: rows that change meanwhile may show or not. */
enum table_walk table_each(const struct table *table,
                           bool (*visit)(void *context, const struct table_row *row), void *context,
                           struct error *error);

/* The source that find would give for the row, in the arena. */
struct bytes table_row_source(struct arena *arena, const struct table_row *row);

#endif
