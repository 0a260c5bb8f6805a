/* The rows of a table of senders that the pairs imply, an address a row. A row that is asked before
 * today's tables takes their place for its address, so it names whom they name as well. */
#ifndef CTL_PROPOSE_PROPOSED_H
#define CTL_PROPOSE_PROPOSED_H

#include "ctl/propose/pairs.h"

struct proposed_row {
    uint32_t address;
    const struct pair *const *pairs; /* those with habit on their side first, then the others */
    size_t pair_count;
    size_t granted;       /* of the pairs: the first ones, whom the row would name */
    struct bytes today;   /* the logins that have it today, as a row's value; no bytes: none */
    struct bytes source;  /* the row that says so */
    const char *unusable; /* why today's logins cannot be written along, so that there is no row */
};

/* A login with so many addresses of one domain of ours that somebody may think of @domain. */
#define PROPOSED_WHOLE_DOMAIN 5
struct proposed_domain {
    uint32_t login;
    struct bytes domain;
    size_t addresses;
};

struct proposed_rows {
    struct proposed_row *rows; /* in the arena, by domain and local part */
    size_t count;
    const struct pair **unwritable; /* for which there can be no row */
    size_t unwritable_count;
    struct proposed_domain *domains;
    size_t domain_count;
};

/* False: memory is out, or a table did not answer. Everything lives in the arena; pairs and
 * gathered have to outlive it. */
MUST_CHECK bool proposed_make(const struct gathered *gathered, const struct pairs *pairs,
                              const struct senders *senders, struct arena *arena,
                              struct proposed_rows *ret_rows, struct error *error);

/* The row's value: today's logins, then the first count pairs'. NULL when memory is out. */
const char *proposed_value(const struct gathered *gathered, const struct proposed_row *row,
                           size_t count, struct arena *arena);

#endif
