/* Root reads no file that the daemon's user may have made anything of: it becomes that user. */
#ifndef CTL_AS_DAEMON_H
#define CTL_AS_DAEMON_H

#include "conf/settings.h"

/* For good: the configured user with its groups, as the daemon itself does it. Whoever is not root
 * stays who he is. */
MUST_CHECK bool as_daemon_become(const struct settings *settings, struct error *error);

#endif
