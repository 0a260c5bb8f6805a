/* A xorshift, and texts changed by it. */
#include "tests/unit/chance.h"

#include <stdint.h>
#include <string.h>

size_t chance(size_t below)
{
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % below);
}

static size_t put_in(const struct mutation *mutation, char *text, size_t len, size_t at)
{
    const char *piece = mutation->pieces[chance(mutation->piece_count)];
    size_t more = strlen(piece);
    memmove(text + at + more, text + at, len - at);
    for (size_t i = 0; i < more; i++)
        text[at + i] = piece[i];
    return len + more;
}

static size_t cut_out(const struct mutation *mutation, char *text, size_t len, size_t at)
{
    size_t less = 1 + chance(mutation->longest_cut);
    if (less > len - at)
        less = len - at;
    memmove(text + at, text + at + less, len - at - less);
    return len - less;
}

size_t mutate(const struct mutation *mutation, char *text, size_t len)
{
    for (size_t changes = 1 + chance(MUTATION_PIECES); changes; changes--) {
        size_t at = chance(len + 1);
        if (chance(3) == 0)
            len = cut_out(mutation, text, len, at);
        else if (chance(4) == 0 && at < len)
            text[at] = (char)chance(256);
        else
            len = put_in(mutation, text, len, at);
    }
    return len;
}
