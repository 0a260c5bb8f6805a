/* From rows and a group of the file to a filled struct. */
#ifndef CONF_FILL_H
#define CONF_FILL_H

#include "conf/value.h"

/* Every row's member: from the group (NULL allowed) where the key stands there, else from the row's
 * default; rows without a default leave their member as it is. */
MUST_CHECK bool fill_all(const struct option_row *rows, const struct node *group,
                         struct arena *arena, void *settings, struct error *error);

/* Only what stands in the group (NULL allowed): an override. */
MUST_CHECK bool fill_written(const struct option_row *rows, const struct node *group,
                             struct arena *arena, void *settings, struct error *error);

#endif
