/* Numbering fields by name, in linear time for the block that an attacker would choose. */
#include "policy/instances.h"

#include <string.h>

#include "policy/siphash.h"

struct slot {
    unsigned first; /* of the fields of a name */
    unsigned seen;  /* 0: the slot is free */
};

static size_t hash_name(const uint8_t secret[16], struct bytes name)
{
    uint8_t key[16];
    char lower[64];
    uint64_t hash;
    memcpy(key, secret, sizeof key);
    for (size_t at = 0;;) {
        size_t len = 0;
        while (len < sizeof lower && at < name.len)
            lower[len++] = bytes_lower(name.data[at++]);
        hash = siphash(key, lower, len);
        if (at == name.len)
            return (size_t)hash;
        memcpy(key, &hash, sizeof hash);
    }
}

bool instances_number(struct arena *arena, const uint8_t secret[16], struct field *fields,
                      size_t count)
{
    size_t room = 16;
    while (room < count * 2)
        room *= 2;
    struct slot *slots = arena_alloc(arena, room * sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct bytes name = fields[i].name;
        size_t at = hash_name(secret, name) & (room - 1);
        while (slots[at].seen && !bytes_equal_nocase(fields[slots[at].first].name, name))
            at = (at + 1) & (room - 1);
        if (!slots[at].seen)
            slots[at].first = (unsigned)i;
        fields[i].instance = ++slots[at].seen;
    }
    return true;
}
