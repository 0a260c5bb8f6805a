/* Without ICU: what look-alikes are is not known; policy/lookalike.c's own steps are all. */
#include "policy/lookalike.h"
#include "policy/lookalike_skeleton.h"

void lookalike_begin(void)
{
}

bool lookalike_has_skeletons(void)
{
    return false;
}

bool lookalike_skeleton(struct arena *arena, struct bytes utf8, struct bytes *ret_skeleton)
{
    *ret_skeleton = arena_bytes(arena, utf8);
    return ret_skeleton->data != NULL;
}
