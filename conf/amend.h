/* Changing one value in a configuration file's text, and nothing else of it: comments, layout and
 * line ends stay. */
#ifndef CONF_AMEND_H
#define CONF_AMEND_H

#include "conf/spot.h"
#include "policy/arena.h"

/* The text with that key having that text for its value: the value that stands there is replaced,
 * or the key is added to the group where it belongs (with groups that are missing around it), laid
 * out as its neighbours are. In the arena.
 *
 * Both texts are parsed, and what comes out differs in that one value. False, with the reason,
 * where that cannot be had: the value is a text in several parts, the way to it is no group. */
MUST_CHECK bool amend_text(struct arena *arena, struct bytes text, const struct step *steps,
                           size_t count, const char *value, struct bytes *ret_text,
                           struct error *error);

#endif
