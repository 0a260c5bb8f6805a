/* Whom logins have written to: what is in memory of it. */
#include "limits/correspondents.h"

#include <string.h>

#define HOUR 3600
#define DAY 86400

void correspondents_init(struct correspondents *correspondents, size_t most)
{
    *correspondents = (struct correspondents){.most = most};
    pthread_mutex_init(&correspondents->lock, NULL);
}

void correspondents_done(struct correspondents *correspondents)
{
    known_set_done(&correspondents->fresh);
    known_set_done(&correspondents->flying);
    pthread_mutex_destroy(&correspondents->lock);
}

static uint32_t units(int64_t seconds, int64_t unit)
{
    return (uint32_t)(seconds > 0 ? seconds / unit : 0);
}

void correspondents_add(struct correspondents *correspondents,
                        const uint8_t (*keys)[CORRESPONDENT_KEY], size_t key_count, int64_t first,
                        int64_t last)
{
    struct known known = {.first = units(first, HOUR), .last = units(last, DAY) + 1};
    pthread_mutex_lock(&correspondents->lock);
    for (size_t i = 0; i < key_count; i++) {
        memcpy(known.key, keys[i], CORRESPONDENT_KEY);
        if (correspondents->fresh.count < correspondents->most ||
            known_set_find(&correspondents->fresh, known.key))
            if (!known_set_put(&correspondents->fresh, &known))
                break;
    }
    pthread_mutex_unlock(&correspondents->lock);
}

bool correspondents_find(struct correspondents *correspondents,
                         const uint8_t key[CORRESPONDENT_KEY], struct known *ret_known)
{
    pthread_mutex_lock(&correspondents->lock);
    const struct known *fresh = known_set_find(&correspondents->fresh, key);
    const struct known *flying = known_set_find(&correspondents->flying, key);
    if (fresh)
        *ret_known = *fresh;
    else if (flying)
        *ret_known = *flying;
    if (fresh && flying)
        known_merge(ret_known, flying);
    pthread_mutex_unlock(&correspondents->lock);
    return fresh || flying;
}

int64_t known_since(const struct known *known, int64_t now, int64_t remember)
{
    int64_t end_of_last = (int64_t)known->last * DAY;
    int64_t end_of_first = ((int64_t)known->first + 1) * HOUR;
    if (end_of_last + remember < now)
        return 0;
    return end_of_first < now ? end_of_first : now;
}

const struct known_set *correspondents_take(struct correspondents *correspondents)
{
    pthread_mutex_lock(&correspondents->lock);
    correspondents->flying = correspondents->fresh;
    correspondents->fresh = (struct known_set){0};
    pthread_mutex_unlock(&correspondents->lock);
    return &correspondents->flying;
}

void correspondents_taken(struct correspondents *correspondents, bool written)
{
    pthread_mutex_lock(&correspondents->lock);
    struct known_set *flying = &correspondents->flying, *fresh = &correspondents->fresh;
    /* The smaller goes into the larger: while a file fails they may be very many, each time. */
    if (!written && flying->count > fresh->count) {
        struct known_set few = *fresh;
        *fresh = *flying;
        *flying = few;
    }
    for (size_t i = 0; !written && i < flying->room; i++)
        if (flying->places[i].last && fresh->count < correspondents->most &&
            !known_set_put(fresh, &flying->places[i]))
            break;
    known_set_done(flying);
    pthread_mutex_unlock(&correspondents->lock);
}

void correspondents_forget(struct correspondents *correspondents, const uint8_t login[8])
{
    struct known_set kept = {0};
    pthread_mutex_lock(&correspondents->lock);
    for (size_t i = 0; i < correspondents->fresh.room; i++) {
        const struct known *known = &correspondents->fresh.places[i];
        if (known->last && memcmp(known->key, login, 8) != 0 && !known_set_put(&kept, known))
            break;
    }
    known_set_done(&correspondents->fresh);
    correspondents->fresh = kept;
    pthread_mutex_unlock(&correspondents->lock);
}
