/* Who would be refused, and how they come in: by login, or by client network where there is none.
 */
#ifndef CTL_READY_AFFECTED_H
#define CTL_READY_AFFECTED_H

#include "ctl/names.h"
#include "ctl/ready/impact.h"

#define TALLY_SOME 8 /* that are told of each thing */

/* The first few different ones, as numbers of the texts. */
struct affected_some {
    uint32_t items[TALLY_SOME];
    size_t count;
    bool more;
};

struct affected_user {
    bool login;    /* name is a login, else a client network */
    uint32_t name; /* of texts; no bytes: neither is known */
    int64_t messages;
    int64_t refused; /* of these, today, by other rules */
    int64_t first, last;
    struct affected_some networks, helos, mechanisms, versions, ciphers;
};

struct affected {
    struct names *texts;
    struct names *users; /* "l" or "n" before the name: the number is the place in items */
    struct affected_user *items;
    size_t count, capacity;
    struct names *kinds; /* of messages: what was said of them before their record was read */
    char *openness;      /* by the numbers of kinds */
    size_t kind_capacity;
    int64_t asked;          /* messages that the change is about */
    int64_t breaks, as_set; /* as_set: those of breaks that the change is not needed for */
    int64_t already, unknown, elsewhere;
};

/* False when memory is out; affected_done all the same. */
MUST_CHECK bool affected_init(struct affected *affected);
void affected_done(struct affected *affected);

/* Whether a message's record has to be read (impact_is_open). Counts it where not, and says no from
 * then on when memory is out: *ret_failed. */
bool affected_wants(struct affected *affected, const struct impact *impact,
                    const struct readiness_row *message, bool *ret_failed);

/* Counts a row; only those that would be refused get a user. False when memory is out. */
MUST_CHECK bool affected_add(struct affected *affected, const struct readiness_row *row,
                             enum impact_result result);

/* Logins first, then clients; who sends most first. */
void affected_sort(struct affected *affected);

size_t affected_logins(const struct affected *affected);

#endif
