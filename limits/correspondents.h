/* Whom logins have written to, and since when. No addresses are kept. */
#ifndef LIMITS_CORRESPONDENTS_H
#define LIMITS_CORRESPONDENTS_H

#include <pthread.h>

#include "limits/known_set.h"

struct correspondents {
    pthread_mutex_t lock;
    struct known_set fresh;  /* what the file does not have; without a file: all */
    struct known_set flying; /* on their way into the file */
    size_t most;             /* of fresh: past it no more are remembered */
};

void correspondents_init(struct correspondents *correspondents, size_t most);
void correspondents_done(struct correspondents *correspondents);

/* Written to at a time (seconds since 1970). Past the bound, and without memory, it is not
 * remembered. */
void correspondents_add(struct correspondents *correspondents,
                        const uint8_t (*keys)[CORRESPONDENT_KEY], size_t key_count, int64_t first,
                        int64_t last);

/* Whether it is in memory. */
bool correspondents_find(struct correspondents *correspondents,
                         const uint8_t key[CORRESPONDENT_KEY], struct known *ret_known);

/* Since when (seconds since 1970) they are known, as far as that is known to the hour: at the
 * latest now. 0: not written to within `remember` seconds. */
int64_t known_since(const struct known *known, int64_t now, int64_t remember);

/* Takes what is fresh, for writing it: flying is theirs until done is called. */
const struct known_set *correspondents_take(struct correspondents *correspondents);
/* Written, or not: then they are fresh again. */
void correspondents_taken(struct correspondents *correspondents, bool written);

/* Without a file: forgets all of a login's, told by the first half of a key. */
void correspondents_forget(struct correspondents *correspondents, const uint8_t login[8]);

#endif
