/* Each login and each address that it sends as without owning it, with what speaks for either way
 * to see it. */
#ifndef CTL_PROPOSE_PAIRS_H
#define CTL_PROPOSE_PAIRS_H

#include "ctl/propose/addresses.h"
#include "ctl/propose/extensions.h"
#include "ctl/propose/gather.h"
#include "ctl/propose/judgement.h"

#define PAIR_RULES 4 /* more than ask who owns an address */

struct pair_rule {
    uint32_t rule;          /* of gathered->rules */
    int64_t refused, would; /* messages that it turned on this pair in */
};

struct pair {
    struct evidence evidence;
    struct judgement judgement;
    struct pair_rule rules[PAIR_RULES];
    size_t rule_count;
    size_t extensions;      /* addresses that are counted as this one */
    uint32_t owner;         /* the login that the address is said to be another's by; NAMES_NONE */
    const char *unwritable; /* why there can be no row for it; NULL: there can */
};

struct pairs {
    struct pair *items; /* from the heap; by login and address */
    size_t count;
    size_t in_force; /* pairs that today's tables grant */
    size_t rare;     /* pairs with fewer messages than were asked for */
};

/* Takes claims out of gathered that today's tables grant, and judges the others. False: memory is
 * out, or a table did not answer. pairs_done all the same. */
MUST_CHECK bool pairs_make(struct gathered *gathered, const struct addresses *addresses,
                           const struct extensions *extensions, const struct senders *senders,
                           int64_t least_messages, struct pairs *ret_pairs, struct error *error);
void pairs_done(struct pairs *pairs);

#endif
