/* What the files of the embedded store share. */
#ifndef LIMITS_EMBEDDED_PRIVATE_H
#define LIMITS_EMBEDDED_PRIVATE_H

#include <pthread.h>

#include "limits/claims.h"
#include "limits/correspondents.h"
#include "limits/embedded.h"
#include "limits/entries.h"

struct keeper;
struct embedded_word;

struct embedded {
    uint8_t secret[32];
    int64_t remember;      /* seconds */
    int64_t known_after;   /* seconds */
    struct keeper *keeper; /* the file and its thread; NULL: in memory alone */
    pthread_mutex_t lock;  /* of what follows */
    struct entries entries;
    int64_t latest;      /* milliseconds: the time of requests, which never goes back a little */
    uint64_t generation; /* raised when somebody else has written into the file */
    size_t sweep_slot;   /* without a file: where forgetting goes on */
    struct embedded_word *heard;          /* of an admin's words: to be forgotten in the file */
    struct correspondents correspondents; /* these have locks of their own */
    struct claims claims;
};

/* A key and its name's bytes. */
struct named_key {
    struct entry_key key;
    char buffer[LIMITS_NAME_MAX];
};

/* No bytes: false. */
bool embedded_key(const struct embedded *embedded, enum subject_kind kind, struct bytes name,
                  struct named_key *ret_key);

/* Finds subjects, those that only the file knows too, and with `create` makes those that nobody
 * knows. entries[i] is NULL where there is none, or no memory. Returns with the lock held: entries
 * live as long. */
void embedded_gather(struct embedded *embedded, const struct entry_key *const *keys, size_t count,
                     bool create, struct entry **entries);

/* The time to judge by. With the lock held. */
int64_t embedded_now(struct embedded *embedded, int64_t now);

/* Seconds of a clock that never jumps. */
int64_t embedded_uptime(void);

/* Milliseconds since 1970. */
int64_t embedded_wall_clock(void);

/* A network's or a client's, never 0; 0 for no bytes. */
uint64_t embedded_hash(const struct embedded *embedded, char what, struct bytes text);

/* Counts and habits of a record as an answer's. */
void embedded_answer_subject(const struct record *record, int64_t now,
                             struct counted_subject *subject);
void embedded_answer_login(const struct embedded *embedded, const struct record *record,
                           int64_t now, struct limits_request *request);

#endif
