/* Carrying a plan out, or nothing of it. */
#ifndef CTL_SETUP_APPLY_H
#define CTL_SETUP_APPLY_H

#include "ctl/setup/backup.h"
#include "ctl/setup/plan.h"

/* First everything that is to be changed is looked at and, with `keep`, backed up; then the rows
 * are carried out in their order. A file that somebody else has changed since it was planned is not
 * written. When a row fails, or a signal waits (hold.h), what was done is taken back: files as they
 * were, rows with `again` once more, what rows have to reverse them, folders; the error says both,
 * and what stays. A file that somebody changed after it was written is put back too, and that
 * version kept among the backups. */
MUST_CHECK bool apply_plan(struct plan *plan, struct backup *backup, bool keep,
                           struct error *error);

#endif
