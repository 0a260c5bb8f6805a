/* A set of correspondents in memory: those that the file does not have yet, or all. */
#ifndef LIMITS_KNOWN_SET_H
#define LIMITS_KNOWN_SET_H

#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"

#define CORRESPONDENT_KEY 16 /* bytes: a hash of the login, and one of login and recipient */

struct known {
    uint8_t key[CORRESPONDENT_KEY];
    uint32_t first; /* hours since 1970: the first message to them */
    uint32_t last;  /* days since 1970, and one; 0: the place is free */
};

/* Zeroed: empty. */
struct known_set {
    struct known *places; /* room of them, a power of two */
    size_t count, room;
};

void known_set_done(struct known_set *set);

/* NULL: not in it. */
const struct known *known_set_find(const struct known_set *set,
                                   const uint8_t key[CORRESPONDENT_KEY]);

/* Puts one in; where it is there already, the earlier first and the later last hold. False: no
 * memory. */
MUST_CHECK bool known_set_put(struct known_set *set, const struct known *known);

/* As it lies in a file: 8 bytes beside its key. */
#define KNOWN_SIZE 8
void known_encode(const struct known *known, uint8_t data[KNOWN_SIZE]);
/* The key is left alone. False: no such thing. */
MUST_CHECK bool known_decode(const void *data, size_t len, struct known *known);

/* Of two words on the same one. */
void known_merge(struct known *known, const struct known *other);

#endif
