/* Who has said yes to a key, in memory: for a store without a file, and while the file fails. */
#ifndef LIMITS_CLAIMS_H
#define LIMITS_CLAIMS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define CLAIMS_MAX 1024 /* past it the one that ends first is forgotten */

struct claim {
    uint64_t key; /* a hash */
    int64_t until;
};

struct claims {
    pthread_mutex_t lock;
    struct claim claims[CLAIMS_MAX];
};

void claims_init(struct claims *claims);
void claims_done(struct claims *claims);

/* Whether a claim until then still holds for whoever claims it for so many seconds: not one that
 * ends so late that it was made by a clock which has been set back since. */
bool claim_holds(int64_t until, int64_t seconds, int64_t now);

/* Whether nobody has within the time; then it is the caller's until now + seconds. */
bool claims_claim(struct claims *claims, uint64_t key, int64_t seconds, int64_t now);

#endif
