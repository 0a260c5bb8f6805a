/* Counting what logins, clients and others send, and remembering what they are like.
 *
 * One per process. Embedded by default: counters in memory, in a file (LMDB) about once a second;
 * with Redis the fleet's counters, and the embedded ones as this host's share while Redis is gone.
 *
 * Nothing here blocks for longer than LIMITS_PATIENCE: a request is submitted, does its work
 * elsewhere, and is collected when its answer is needed. All calls are safe from any thread. */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

#include <stddef.h>

#include "policy/counting.h"
#include "policy/error.h"
#include "policy/limit.h"

#define LIMITS_PATIENCE_MS 50
#define LIMITS_FOREVER INT64_MAX
#define LIMITS_NAME_MAX 255   /* a longer name is counted by its keyed hash */
#define LIMITS_CAUSE_MAX 120  /* bytes; cut */
#define LIMITS_RCPTS_MAX 1000 /* a message's recipients that are remembered */

struct limits_options {
    const char *file;                /* the embedded store's folder; NULL: in memory alone */
    int64_t max_size;                /* bytes of it */
    const char *redis;               /* "unix:/path", "inet:PORT@ADDRESS"; NULL: none */
    const char *redis_password_file; /* or NULL */
    const char *fleet;               /* prefix of all keys in Redis */
    int64_t remember;    /* seconds: a correspondent not written to for that long is forgotten */
    int64_t known_after; /* seconds: a correspondent is known that long after the first message */
    int64_t network_bits_ipv4, network_bits_ipv6;
    uint8_t secret[32];            /* keys the hashes; the same on all hosts of a fleet */
    void (*say)(const char *text); /* a line for the log: once a change of state, never a message */
};

struct limits;

/* A damaged file is set aside, said, and begun anew. */
MUST_CHECK bool limits_open(const struct limits_options *options, struct limits **ret_limits,
                            struct error *error);
/* Ends the threads; what waits is written. Requests are answered still, and what they count is
 * lost. by: milliseconds of CLOCK_MONOTONIC, or LIMITS_FOREVER. False: something is held up for
 * longer, which is said; `limits` has to stay then, and the process to end by _exit(). */
MUST_CHECK bool limits_stop(struct limits *limits, int64_t by);
/* The same for ever, and frees it. Requests under way have been collected before. */
void limits_close(struct limits *limits);

/* Who sends, as a request says it. */
struct limits_who {
    struct bytes names[SUBJECT_COUNT]; /* no bytes: none of that kind. The login is the login as the
                                          MTA gives it; case folded here */
    struct bytes client_look; /* mechanism, TLS version, cipher, mail program: whatever makes a
                                 client; no bytes: not known yet */
    int64_t now;              /* milliseconds since 1970 */
};

/* What a limit of the policy asks, for charging: all hold, or nothing is counted. One of whose
 * quantity the message adds nothing holds; one of refusals, of which no message adds any, does as
 * long as the count is not over it. */
struct limits_bound {
    enum subject_kind subject;
    struct limit limit;
};

enum limits_op {
    LIMITS_LOOK,    /* at MAIL: counters of all names, the login's standing and habit */
    LIMITS_KNOWN,   /* at RCPT: since when the login writes to rcpts[0], and the standing anew */
    LIMITS_CHARGE,  /* at the end: counts amounts for all names unless the login stands too far or a
                       bound is passed; then remembers rcpts, network, client and hour. What a
                       policy only observes is not asked */
    LIMITS_REFUSED, /* counts amounts (refusals) for all names, and nothing else */
};

struct limits_answer {
    bool answered; /* false: no memory; everything else is zero then */
    struct counted_subject subjects[SUBJECT_COUNT]; /* names as asked; LOOK, CHARGE: before it */
    struct login_standing standing;                 /* cause lies in cause */
    char cause[LIMITS_CAUSE_MAX + 1];
    struct habit habit;         /* LOOK, CHARGE */
    int64_t rcpt_since;         /* KNOWN: seconds since 1970, 0: never written to */
    bool admitted;              /* CHARGE */
    struct limits_bound passed; /* CHARGE, not admitted: the first bound that was passed; of one
                                   that is barred: none */
    bool degraded;              /* the fleet's store is gone: counted by this host's share */
    int64_t hosts;              /* 1, or how many share; 0 where not degraded */
};

/* The caller owns it, and its texts, from submit to collect; zeroed before it is filled. */
struct limits_request {
    enum limits_op op;
    struct limits_who who;
    int64_t amounts[QUANTITY_COUNT];   /* CHARGE, REFUSED */
    const struct limits_bound *bounds; /* CHARGE */
    size_t bound_count;
    enum login_state bars;     /* CHARGE: a login that stands there, or further, is not counted;
                                  NORMAL: each is */
    const struct bytes *rcpts; /* KNOWN: one; CHARGE: all; normalised addresses */
    size_t rcpt_count;
    struct limits_answer answer;
    void *work; /* the store's own */
};

/* Begins. */
void limits_submit(struct limits *limits, struct limits_request *request);

/* Ends: the answer is there when it returns, at the latest LIMITS_PATIENCE_MS after submit. To be
 * called once for every request that was submitted. */
void limits_collect(struct limits *limits, struct limits_request *request);

/* Whether collecting would not wait. */
bool limits_is_ready(struct limits *limits, const struct limits_request *request);

/* Takes the login at least to that state, from now on and on every host. Never eases it: a longer
 * word of a weaker state goes on holding beside it, until its own end. Nothing happens while an
 * admin's word keeps the login normal, nor where one has come that this host has not heard of yet.
 * Does not wait. */
void limits_raise(struct limits *limits, struct bytes login, const struct login_standing *standing);

/* Whether nobody of the fleet has said yes to this key within the time: for telling an admin once.
 * May wait: not for libmilter's threads. */
bool limits_claim(struct limits *limits, const char *key, int64_t seconds, int64_t now);

/* ---- For submilterctl: they wait, and fail with an error. ---- */

/* Opens what the daemon keeps, beside the running daemon; options->say may be NULL, its texts live
 * as long. Where Redis does not answer, now or later, what this host keeps in its file stands in
 * for it: see limits_alone. */
MUST_CHECK bool limits_open_admin(const struct limits_options *options, struct limits **ret_limits,
                                  struct error *error);

/* NULL; or why this host's own file was asked instead of Redis: counts are those of this host, a
 * standing that is set holds here and is taken to Redis by this host's daemon. */
const char *limits_alone(const struct limits *limits);

/* Sets a standing, easing it too; in force within a second. It settles all states; normal with an
 * end: until then no sign raises it. */
MUST_CHECK bool limits_set_standing(struct limits *limits, struct bytes login,
                                    const struct login_standing *standing, struct error *error);

/* Forgets the counters of a subject; of a login on request what it is like, too. Of a fleet what
 * Redis and this host know: other hosts know on what they saw themselves. */
MUST_CHECK bool limits_reset(struct limits *limits, enum subject_kind kind, struct bytes name,
                             bool habit_too, struct error *error);

/* One subject as it is now: a LOOK with that one name. ret_found: whether it is known at all. */
MUST_CHECK bool limits_show(struct limits *limits, struct limits_request *look, bool *ret_found,
                            struct error *error);

/* Those with the highest count of a quantity in a window, the highest first. visit's subject lives
 * during the call. */
MUST_CHECK bool limits_top(struct limits *limits, enum subject_kind kind, enum quantity quantity,
                           enum window window, int64_t now, size_t most,
                           bool (*visit)(const struct counted_subject *subject, void *context),
                           void *context, struct error *error);

/* Every login whose standing is not normal. */
MUST_CHECK bool limits_contained(struct limits *limits, int64_t now,
                                 bool (*visit)(struct bytes login,
                                               const struct login_standing *standing,
                                               void *context),
                                 void *context, struct error *error);

/* How many correspondents of the login are remembered, and how many of those are known: first
 * written to `known_after` ago or longer. now: milliseconds since 1970. */
MUST_CHECK bool limits_count_correspondents(struct limits *limits, struct bytes login, int64_t now,
                                            int64_t *ret_remembered, int64_t *ret_known,
                                            struct error *error);

/* Remembers a correspondent of the past, as `submilterctl limits learn` finds it in the history. */
MUST_CHECK bool limits_learn(struct limits *limits, struct bytes login, struct bytes rcpt,
                             int64_t first, int64_t last, struct error *error);

/* All that was learned is kept from now on; without it limits_close does that, and nobody hears
 * whether it could. */
MUST_CHECK bool limits_settle(struct limits *limits, struct error *error);

#endif
