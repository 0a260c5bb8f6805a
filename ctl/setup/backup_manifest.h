/* The list of what was backed up, as text in the backups' folder. */
#ifndef CTL_SETUP_BACKUP_MANIFEST_H
#define CTL_SETUP_BACKUP_MANIFEST_H

#include "ctl/setup/backup.h"

/* A copy of the entry behind the others; NULL when memory is out. */
struct backup_entry *backup_append(struct backup *backup, const struct backup_entry *entry);

/* Fills the entries; no manifest is no error. */
MUST_CHECK bool backup_read_manifest(struct backup *backup, struct error *error);

#endif
