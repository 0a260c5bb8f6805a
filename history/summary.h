/* What a report shows of a span of time: everything counted, the longest lists cut to their top. */
#ifndef HISTORY_SUMMARY_H
#define HISTORY_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "history/history.h"
#include "policy/arena.h"
#include "policy/error.h"

#define SUMMARY_BUCKETS_MAX 96

enum summary_outcome {
    SUMMARY_ACCEPTED,
    SUMMARY_FIXED,
    SUMMARY_QUARANTINED,
    SUMMARY_DEFERRED,
    SUMMARY_REFUSED,
    SUMMARY_OUTCOMES,
};

/* "accepted", ...: for people. */
const char *summary_outcome_word(enum summary_outcome outcome);

/* Of a record's action; a word that is not known counts as accepted. */
enum summary_outcome summary_outcome_of(const char *action);

struct summary_bucket {
    int64_t begin; /* milliseconds since 1970; it ends where the next begins */
    int64_t counts[SUMMARY_OUTCOMES];
};

/* One reason why mail was not let go as it came. */
struct summary_reason {
    const char *rule, *reason;
    enum summary_outcome outcome;
    const char *word; /* for people: the outcome's; "slowed", "frozen": a sign's, as deferred */
    int64_t count, logins;
    const char *example; /* the newest one's id */
    int64_t last;        /* its time */
};

/* Somebody whose mail was refused or deferred. */
struct summary_person {
    const char *login; /* NULL: all who were not logged in */
    int64_t refused, deferred, all;
    const char *rule, *reason; /* the most frequent */
    int64_t count;             /* of that one */
    const char *example;       /* the newest one's id */
    int64_t last;
};

/* TLS versions, mechanisms: name NULL is none. */
struct summary_use {
    const char *name;
    int64_t count, logins;
    int64_t last;
};

/* A network that a login had not been seen from. */
struct summary_network {
    const char *login, *network, *client; /* client: its first address there */
    int64_t first;
    int64_t let_go, stopped; /* decisions from there */
    int64_t known;           /* networks of that login before; 0: it was not seen at all */
    const char *usual;   /* the one that it used most before the span, else its first; NULL where
                            known is 0 */
    const char *example; /* the first one's id */
};

/* Refused, and within the hour let go, all but the same: the refusal may have been wrong, or a
 * person had to fight. */
struct summary_friction {
    const char *login;
    const char *refused_from, *passed_from;
    bool changed; /* only after From had been changed */
    int64_t tries;
    int64_t refused, passed; /* times: the first refusal, the success */
    const char *rule, *reason;
    const char *refused_id, *passed_id;
};

/* A login that could not send as it liked, for one cause. */
struct summary_contained {
    const char *login;
    const char *state;       /* "slowed", "frozen", or past the limits' threshold: "contained" */
    const char *cause;       /* "many_networks.hour", "by root: phished", "limits.contain" */
    int64_t first, last;     /* of its decisions: times in the span */
    int64_t messages, rcpts; /* that were held back for it: messages (also at MAIL), recipients */
    const char *example;     /* the newest one's id */
};

struct summary_signing {
    const char *domain; /* of From; "": it could not be read; NULL: there was none */
    int64_t signed_mail, unsigned_mail;
    const char *example; /* the newest unsigned one's id, or NULL */
};

#define SUMMARY_DELAYS 40

/* The most microseconds of a spread's piece: half an octave each, from 16 us to 12 s. */
int64_t summary_delay(size_t piece);

/* Microseconds. spread: how many took up to summary_delay(i), and more than summary_delay(i - 1);
 * the last has what took longer. */
struct summary_latency {
    int64_t count, median, p95, p99, max;
    int64_t spread[SUMMARY_DELAYS];
};

/* A list's rows are at most as many as were asked for; count_all is how many there were. */
#define SUMMARY_LIST(type)                                                                         \
    struct {                                                                                       \
        struct type *rows;                                                                         \
        size_t count;                                                                              \
        int64_t all;                                                                               \
    }

struct summary {
    int64_t since, until; /* what was asked for, filled in where it was open */
    int64_t begin;        /* the later of since and the history's first record */
    int64_t first, last;  /* times of the first and the last record in the span; 0: there is none */
    int64_t oldest, newest; /* the same of all the history */
    int64_t decisions, logins;
    int64_t stopped; /* logins of which something was refused or deferred */
    int64_t counts[SUMMARY_OUTCOMES];
    int64_t messages;  /* of decisions: those that were no refused command */
    int64_t bucket_ms; /* the usual length of one: a day may have 23 hours */
    struct summary_bucket buckets[SUMMARY_BUCKETS_MAX];
    size_t bucket_count;
    SUMMARY_LIST(summary_reason) reasons, would;
    SUMMARY_LIST(summary_person) people;
    SUMMARY_LIST(summary_use) tls, mechanisms;
    SUMMARY_LIST(summary_network) networks;
    SUMMARY_LIST(summary_contained) contained;
    SUMMARY_LIST(summary_friction) friction;
    SUMMARY_LIST(summary_signing) signing;
    struct summary_latency latency;
    struct arena *arena; /* owns all texts and rows */
};

/* Reads the span [since, until) once (0: open) and answers from what it read: the history is not
 * held for longer. now: what an open end means. top: rows of each list at most. */
MUST_CHECK bool summary_collect(struct history *history, int64_t since, int64_t until, int64_t now,
                                size_t top, struct summary **ret_summary, struct error *error);
void summary_free(struct summary *summary);

#endif
