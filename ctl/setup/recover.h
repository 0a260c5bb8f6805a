/* Taking back what a setup (or undo) that was cut off, by kill -9 or a power failure, has left. */
#ifndef CTL_SETUP_RECOVER_H
#define CTL_SETUP_RECOVER_H

#include "ctl/setup/backup.h"
#include "ctl/setup/setup.h"

/* Where backup->begun: the entries from backup->finished on are undone, the MTA hears of it, and a
 * daemon that was started with a configuration that goes ends. The plan gets notes of all that.
 * Where one of their files has setup's lines and was changed since, they count as finished. */
MUST_CHECK bool recover(const struct setup_kind *kind, const struct setup_options *options,
                        struct backup *backup, struct plan *plan, struct error *error);

#endif
