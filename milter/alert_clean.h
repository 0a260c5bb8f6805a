/* Text of others for a mail to an admin: what would end a line, or is not seen, is written out. */
#ifndef MILTER_ALERT_CLEAN_H
#define MILTER_ALERT_CLEAN_H

#include "policy/arena.h"

/* Letters of any script stay; control characters, what turns the direction of writing, what has no
 * width and what is no UTF-8 become \xNN, byte by byte. At most max bytes of text are read, with
 * "..." for the rest. "" when memory is out. */
char *alert_clean(struct arena *arena, struct bytes text, size_t max);

#endif
