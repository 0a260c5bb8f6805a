/* Putting back what setup has changed. */
#ifndef CTL_SETUP_UNDO_H
#define CTL_SETUP_UNDO_H

#include "ctl/setup/backup.h"
#include "ctl/setup/plan.h"

/* Adds the rows that put everything back, the last change first. A file that setup made and
 * somebody changed since stays, and the plan says so. A file that was there before and was changed
 * since is an error that names them all; with force its present content is kept in the backups'
 * folder, and it is put back. When the plan was carried out: backup_cut(backup, 0). */
MUST_CHECK bool undo_plan(struct plan *plan, const struct backup *backup, bool force,
                          struct error *error);

#endif
