/* Numbering fields by name, in linear time for the block that an attacker would choose. */
#include "policy/instances.h"

#include <stdint.h>

struct slot {
    struct bytes name;
    unsigned seen; /* 0: the slot is free */
};

static size_t hash_name(struct bytes name)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)bytes_lower(name.data[i])) * 1099511628211U;
    return (size_t)(hash ^ hash >> 32);
}

bool instances_number(struct arena *arena, struct field *fields, size_t count)
{
    size_t room = 64;
    while (room < count * 2)
        room *= 2;
    struct slot *slots = arena_alloc(arena, room * sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct bytes name = fields[i].name;
        size_t at = hash_name(name) & (room - 1);
        while (slots[at].seen && !bytes_equal_nocase(slots[at].name, name))
            at = (at + 1) & (room - 1);
        slots[at].name = name;
        fields[i].instance = ++slots[at].seen;
    }
    return true;
}
