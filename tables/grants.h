/* What a login may send as: the rows that name it, and whether they hold.
 *
 * What is given as holding is what senders_ask grants, and the other way round: an address that the
 * login may use is one of those that are given, stands under an +extension or @domain that is, or
 * matches a pattern that is. */
#ifndef TABLES_GRANTS_H
#define TABLES_GRANTS_H

#include "tables/senders.h"

enum grant_scope {
    GRANT_ADDRESS,
    GRANT_EXTENSIONS, /* the address with any extension, and not without one */
    GRANT_DOMAIN,     /* any plain address at the domain that has no row of its own */
    GRANT_PATTERN,    /* any plain address that matches, and no table before nor pattern before
                         answers for */
};

enum grant_state {
    GRANT_HOLDS,
    GRANT_DEPENDS,     /* a pattern's: what matched stands in its result, and could be the login */
    GRANT_HIDDEN,      /* by says which row answers in its place */
    GRANT_NEVER_ASKED, /* nothing is ever asked for under this key; by says why */
    GRANT_EXCEPTED,    /* an address under an +extension or @domain that holds (source), which has a
                          row of its own (by) without the login */
    GRANT_UNKNOWN,     /* a table did not answer; by says why */
};

struct grant {
    enum grant_scope scope;
    enum grant_state state;
    struct bytes address; /* what it is for: an address, "@domain", a pattern as written */
    struct bytes
        extensions; /* ADDRESS: likewise with an extension that begins with any of these bytes */
    struct bytes source; /* the row, as senders_ask says it, or "login" */
    struct bytes by;
    struct bytes where;  /* PATTERN: the ifs around it; see struct table_row */
    struct bytes result; /* PATTERN that DEPENDS: its result, ${1} for what matched */
};

enum grants_walk { GRANTS_WALKED, GRANTS_STOPPED, GRANTS_UNAVAILABLE };

struct grants_visitor { /* each returns false to stop */
    /* Bytes are good until it returns. */
    bool (*visit)(void *context, const struct grant *grant);
    /* Now and then: so many rows have been gone through. May be NULL. */
    bool (*step)(void *context, size_t rows);
    void *context;
};

/* Goes through all rows of all tables, and where the login has an address or a domain once more,
 * for what is EXCEPTED: that comes last. Takes no more memory for more rows. UNAVAILABLE: not all
 * tables could be walked, and the error says why; what was visited before is right. */
enum grants_walk grants_each(const struct senders *senders, struct bytes login,
                             const struct grants_visitor *visitor, struct error *error);

#endif
