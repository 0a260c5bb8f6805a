/* The one step of policy/lookalike.c that differs with ICU and without. */
#ifndef POLICY_LOOKALIKE_SKELETON_H
#define POLICY_LOOKALIKE_SKELETON_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* UTF-8 in and out: texts that look alike give the same bytes. False and arena_failed() when memory
 * is out. */
bool lookalike_skeleton(struct arena *arena, struct bytes utf8, struct bytes *ret_skeleton);

#endif
