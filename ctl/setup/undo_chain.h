/* A file's changes in the manifest, followed back from what the file is now. */
#ifndef CTL_SETUP_UNDO_CHAIN_H
#define CTL_SETUP_UNDO_CHAIN_H

#include "ctl/setup/backup.h"

struct undo_chain {
    /* Whose old file was there before setup; NULL where broken, or where nothing that setup wrote
     * is left in the file. */
    const struct backup_entry *to;
    bool broken; /* the file has setup's lines and somebody else's change */
};

/* Each change has to begin where the one before it ended, or not to have come about. A version
 * without any of the lines that the change before it brought begins a chain of its own: somebody
 * took those out by hand. entries: from there on; of: its path is meant. */
MUST_CHECK bool undo_chain_follow(const struct backup *backup, const struct backup_entry *entries,
                                  const struct backup_entry *of, const struct place_file *now,
                                  struct undo_chain *ret_chain, struct error *error);

#endif
