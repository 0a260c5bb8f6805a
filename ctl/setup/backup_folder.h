/* The folder that backups lie in: root writes files by what stands there, so nobody else may have
 * put anything into it, or another folder in its place. */
#ifndef CTL_SETUP_BACKUP_FOLDER_H
#define CTL_SETUP_BACKUP_FOLDER_H

#include "policy/arena.h"
#include "policy/error.h"

/* Makes what is missing: the last folder with mode 0700, those above it with 0755. The last one has
 * to belong to whoever runs this and be closed to everybody else; each above it to root or whoever
 * runs this, and others may write in it only where it is sticky (/tmp). Links on the way are
 * followed where root or whoever runs this made them. The files in the last one that root goes by
 * (manifest, lock, contents) have to be of whoever runs this, too. ret_path: without links, in the
 * arena. */
MUST_CHECK bool backup_folder_open(struct arena *arena, const char *folder, const char **ret_path,
                                   struct error *error);

#endif
