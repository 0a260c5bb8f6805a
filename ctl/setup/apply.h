/* Carrying a plan out, or nothing of it. */
#ifndef CTL_SETUP_APPLY_H
#define CTL_SETUP_APPLY_H

#include "ctl/setup/backup.h"
#include "ctl/setup/plan.h"

/* First everything that is to be changed is backed up, then the rows are carried out in their
 * order. When one fails, what was done is taken back: files and folders as they were, commands with
 * `again` run once more; the error says both. Keys that were made stay. */
MUST_CHECK bool apply_plan(struct plan *plan, struct backup *backup, struct error *error);

#endif
