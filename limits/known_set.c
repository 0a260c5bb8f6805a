/* A set of correspondents: open addressing, keys are hashes already. */
#include "limits/known_set.h"

#include <stdlib.h>
#include <string.h>

void known_set_done(struct known_set *set)
{
    free(set->places);
    *set = (struct known_set){0};
}

static struct known *place_of(const struct known_set *set, const uint8_t *key)
{
    uint64_t hash;
    memcpy(&hash, key + 8, sizeof hash);
    for (size_t i = (size_t)hash;; i++) {
        struct known *place = &set->places[i & (set->room - 1)];
        if (!place->last || memcmp(place->key, key, CORRESPONDENT_KEY) == 0)
            return place;
    }
}

const struct known *known_set_find(const struct known_set *set,
                                   const uint8_t key[CORRESPONDENT_KEY])
{
    const struct known *place = set->count ? place_of(set, key) : NULL;
    return place && place->last ? place : NULL;
}

void known_merge(struct known *known, const struct known *other)
{
    if (other->first < known->first)
        known->first = other->first;
    if (other->last > known->last)
        known->last = other->last;
}

static bool grow(struct known_set *set)
{
    struct known_set larger = {.count = set->count, .room = set->room ? 2 * set->room : 64};
    larger.places = calloc(larger.room, sizeof *larger.places);
    if (!larger.places)
        return false;
    for (size_t i = 0; i < set->room; i++)
        if (set->places[i].last)
            *place_of(&larger, set->places[i].key) = set->places[i];
    free(set->places);
    *set = larger;
    return true;
}

bool known_set_put(struct known_set *set, const struct known *known)
{
    if (2 * (set->count + 1) > set->room && !grow(set))
        return false;
    struct known *place = place_of(set, known->key);
    if (place->last) {
        known_merge(place, known);
    } else {
        *place = *known;
        set->count++;
    }
    return true;
}

void known_encode(const struct known *known, uint8_t data[KNOWN_SIZE])
{
    memcpy(data, &known->first, sizeof known->first);
    memcpy(data + sizeof known->first, &known->last, sizeof known->last);
}

bool known_decode(const void *data, size_t len, struct known *known)
{
    if (len != KNOWN_SIZE)
        return false;
    memcpy(&known->first, data, sizeof known->first);
    memcpy(&known->last, (const char *)data + sizeof known->first, sizeof known->last);
    return known->last != 0;
}
