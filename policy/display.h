/* Display names as people see them. UTF-8, decoded and unfolded. */
#ifndef POLICY_DISPLAY_H
#define POLICY_DISPLAY_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* Whether the name takes so much room that what stands behind it, the address, is out of sight:
 * more than max_length characters, many blanks in a row, or many words. */
bool display_is_padded(struct bytes display, size_t max_length);

/* Whether all words of a person's name, or look-alikes of them, stand in a display name, in any
 * order: "Doe, Jane Q. (CEO)" shows "Jane Doe". Only for names that are not padded. False and
 * arena_failed() when memory is out. */
bool display_shows_name(struct arena *arena, struct bytes display, struct bytes name);

#endif
