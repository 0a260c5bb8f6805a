/* Who has said yes to a key, in memory. */
#include "limits/claims.h"

#include <string.h>

void claims_init(struct claims *claims)
{
    memset(claims->claims, 0, sizeof claims->claims);
    pthread_mutex_init(&claims->lock, NULL);
}

void claims_done(struct claims *claims)
{
    pthread_mutex_destroy(&claims->lock);
}

bool claim_holds(int64_t until, int64_t seconds, int64_t now)
{
    return until > now && until - now <= 2 * seconds;
}

bool claims_claim(struct claims *claims, uint64_t key, int64_t seconds, int64_t now)
{
    bool is_free = true;
    pthread_mutex_lock(&claims->lock);
    struct claim *place = &claims->claims[0];
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        struct claim *claim = &claims->claims[i];
        if (claim->key == key) {
            place = claim;
            is_free = !claim_holds(claim->until, seconds, now);
            break;
        }
        if (claim->until < place->until)
            place = claim;
    }
    if (is_free)
        *place = (struct claim){.key = key, .until = now + seconds};
    pthread_mutex_unlock(&claims->lock);
    return is_free;
}
