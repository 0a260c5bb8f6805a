/* A list of strings, as configuration and facts carry them. */
#ifndef POLICY_TEXTS_H
#define POLICY_TEXTS_H

#include "policy/bytes.h"

struct texts {
    const char *const *items; /* each NUL-terminated */
    size_t count;
};

/* Whether the list has an item that equals the text, ASCII case ignored. */
bool texts_have(const struct texts *list, struct bytes text);

#endif
