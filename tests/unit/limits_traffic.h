/* Random requests: who sends, how much, against which limits. */
#ifndef TESTS_LIMITS_TRAFFIC_H
#define TESTS_LIMITS_TRAFFIC_H

#include "limits/limits.h"

#define TRAFFIC_NAMES 6 /* of each kind, at most */
#define TRAFFIC_RCPTS 5 /* of a message, at most */
#define TRAFFIC_BOUNDS 4

struct traffic {
    int64_t now;      /* ms */
    unsigned names;   /* of each kind */
    int64_t max_most; /* of a limit */
};

/* A request and all that it borrows: not to be copied. */
struct made {
    struct limits_request request;
    char names[SUBJECT_COUNT][320];
    char looks[32];
    char rcpts[TRAFFIC_RCPTS][40];
    struct bytes rcpt_list[TRAFFIC_RCPTS];
    struct limits_bound bounds[TRAFFIC_BOUNDS];
};

/* The same seed gives the same traffic; one thread at a time. */
void traffic_seed(uint64_t seed);

unsigned chance(unsigned below);
int64_t between(int64_t least, int64_t most);

/* There is always a login, and nearly always all other names. */
void traffic_request(const struct traffic *traffic, struct made *made, enum limits_op op);
void traffic_rcpts(struct made *made, size_t count);
void traffic_charge(const struct traffic *traffic, struct made *made);

#endif
