/* From root to the daemon's own user. */
#ifndef MILTER_PRIVILEGES_H
#define MILTER_PRIVILEGES_H

#include "conf/settings.h"

/* Drops to the configured user for good, with no supplementary privileges, no new ones by exec and
 * no core dumps. Nothing to drop when we are not root. */
MUST_CHECK bool privileges_drop(const struct settings *settings, struct error *error);

/* As many descriptors as we may have: at the limit libmilter's accept loop would spin. */
void privileges_raise_descriptors(void);

#endif
