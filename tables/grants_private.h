/* What the parts of grants share. */
#ifndef TABLES_GRANTS_PRIVATE_H
#define TABLES_GRANTS_PRIVATE_H

#include "tables/grant_key.h"
#include "tables/grants.h"

#define GRANTS_DOMAIN_LEN 255
#define GRANTS_DOMAINS 4096 /* that are remembered */

/* Whether some @domain row names the login, of domains seen lately. */
struct known_domain {
    unsigned char len;
    bool named;
    char text[GRANTS_DOMAIN_LEN];
};

struct grants_state {
    const struct senders *senders;
    struct arena *arena; /* for one row */
    struct bytes login;
    const struct grants_visitor *visitor;
    size_t rows;  /* gone through so far */
    size_t table; /* the place of the one that is gone through */
    struct known_domain *domains;
    bool exceptions;  /* the second time round: of rows of others */
    bool has_address; /* rows for an address, and for a domain, that name the login */
    bool has_domain;
};

/* What would be answered where the row stands. */
struct standing {
    enum grant_state state;
    struct bytes by;
};

struct standing grants_standing(const struct grants_state *walk, const struct table_row *row,
                                const struct sender_keys *keys, enum sender_key_form form);

/* False: stop. */
bool grants_give(const struct grants_state *walk, const struct grant *grant);

/* A row of others, perhaps taken out of what the login may send as. */
bool grants_except(const struct grants_state *walk, const struct table_row *row);

#endif
