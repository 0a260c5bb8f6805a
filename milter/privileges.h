/* From root to the daemon's own user. */
#ifndef MILTER_PRIVILEGES_H
#define MILTER_PRIVILEGES_H

#include "conf/settings.h"

/* No core file, and no other process of the same user that looks in. Before any key is read. */
void privileges_hide_memory(void);

/* Drops to the configured user for good, with no supplementary privileges and no new ones by exec;
 * the memory stays hidden unless settings->core_dumps. Nothing to drop when we are not root. */
MUST_CHECK bool privileges_drop(const struct settings *settings, struct error *error);

/* As many descriptors as we may have: at the limit libmilter's accept loop would spin. */
void privileges_raise_descriptors(void);

#endif
