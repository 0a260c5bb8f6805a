/* Putting back what setup has changed. */
#ifndef CTL_SETUP_UNDO_H
#define CTL_SETUP_UNDO_H

#include "ctl/setup/backup.h"
#include "ctl/setup/plan.h"

struct undo_wanted {
    size_t first; /* the entry of the backup to begin with; 0: all */
    bool force;
    const struct backup *other; /* needs what is shared (undo_shared.h); NULL: none does */
    const char *place;          /* then: the MTA's configuration */
    bool *ret_changed; /* set where a file that was changed is the error; NULL: not asked for */
};

/* Adds the rows that put everything back, the last change first. A mode or owner that somebody
 * changed since stays, and so does a file that setup made and somebody changed; the plan says so. A
 * file that was there before and has none of setup's lines any more stays too. One that has them
 * and was changed since, or a link to it that leads elsewhere now, is an error that names them all;
 * with force the present content is kept in the backups' folder, and the old one is put back with
 * its mode and owner. When the plan was carried out: backup_cut(backup, first). */
MUST_CHECK bool undo_plan(struct plan *plan, const struct backup *backup,
                          const struct undo_wanted *wanted, struct error *error);

#endif
