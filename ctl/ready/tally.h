/* Who would be refused, and how they come in: by login, or by client network where there is none.
 */
#ifndef CTL_READY_TALLY_H
#define CTL_READY_TALLY_H

#include "ctl/names.h"
#include "ctl/ready/impact.h"

#define TALLY_SOME 8 /* that are told of each thing */

/* The first few different ones, as numbers of the tally's texts. */
struct tally_some {
    uint32_t items[TALLY_SOME];
    size_t count;
    bool more;
};

struct tally_user {
    bool login;    /* name is a login, else a client network */
    uint32_t name; /* of texts; no bytes: neither is known */
    int64_t messages;
    int64_t refused; /* of these, today, by other rules */
    int64_t first, last;
    struct tally_some networks, helos, mechanisms, versions, ciphers;
};

struct tally {
    struct names *texts;
    struct names *users; /* "l" or "n" before the name: the number is the place in items */
    struct tally_user *items;
    size_t count, capacity;
    struct names *kinds; /* of messages: what was said of them before their record was read */
    char *openness;      /* by the numbers of kinds */
    size_t kind_capacity;
    int64_t asked; /* messages that the change is about */
    int64_t breaks, already, unknown, elsewhere;
};

/* False when memory is out; tally_done all the same. */
MUST_CHECK bool tally_init(struct tally *tally);
void tally_done(struct tally *tally);

/* Whether a message's record has to be read (impact_is_open). Counts it where not, and says no from
 * then on when memory is out: *ret_failed. */
bool tally_wants(struct tally *tally, const struct impact *impact,
                 const struct readiness_row *message, bool *ret_failed);

/* Counts a row; only those that would be refused get a user. False when memory is out. */
MUST_CHECK bool tally_add(struct tally *tally, const struct readiness_row *row,
                          enum impact_result result);

/* Logins first, then clients; who sends most first. */
void tally_sort(struct tally *tally);

size_t tally_logins(const struct tally *tally);

#endif
