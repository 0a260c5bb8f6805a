/* What more than one MTA (or instance) of a host has from one setup: submilter.conf and what lies
 * beside it, folders, units. It goes with the last of them. */
#ifndef CTL_SETUP_UNDO_SHARED_H
#define CTL_SETUP_UNDO_SHARED_H

#include "ctl/setup/backup.h"

/* Another manifest of the state folder whose setup uses the same submilter.conf. ret_other->config
 * NULL: there is none. It needs no backup_close: the lock is the first one's. */
MUST_CHECK bool undo_shared_find(const struct backup *backup, struct backup *ret_other,
                                 struct error *error);

/* place: the MTA's configuration, a file or folder, whose own files are not shared. */
bool undo_shared_is(const struct backup *backup, const struct backup_entry *entry,
                    const char *place);

/* The shared entries get into the other manifest, on the disk too. Done twice, it does no harm. */
MUST_CHECK bool undo_shared_hand_over(const struct backup *backup, struct backup *other,
                                      const char *place, struct error *error);

#endif
