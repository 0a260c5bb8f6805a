/* A new setting in a file's text, laid out as what is there. */
#ifndef CONF_INSERT_H
#define CONF_INSERT_H

#include "conf/spot.h"
#include "policy/arena.h"

/* The text with the setting in the spot's group: names[0] with a group around names[1] and so on,
 * the last one with the value, which is written as it is. Every step has a name. The text is UTF-8
 * or not, and holds no NUL. In the arena; no bytes when memory is out. */
struct bytes insert_setting(struct arena *arena, struct bytes text, const struct spot *spot,
                            const struct step *names, size_t count, const char *value);

#endif
