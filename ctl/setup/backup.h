/* What was there before setup changed it: one folder a configuration, with a manifest and the old
 * contents, below one folder that has the lock for all of them.
 *
 * A file that is set up twice stands there twice: the manifest is in the order of the changes. */
#ifndef CTL_SETUP_BACKUP_H
#define CTL_SETUP_BACKUP_H

#include "ctl/setup/place.h"

#define BACKUP_DIGEST 65 /* SHA-256 in hex, with its NUL */

struct backup_entry {
    enum { BACKUP_FILE, BACKUP_FOLDER } kind;
    const char *path;
    /* Files */
    const char *given; /* the path with links that led to it; NULL: none */
    bool existed;
    mode_t mode; /* of the old one */
    uid_t user;
    gid_t group;
    char before[BACKUP_DIGEST]; /* "-": was not there */
    char after[BACKUP_DIGEST];  /* of what setup put there; "-": removed it */
    unsigned number;            /* names the file with the old content */
    struct backup_entry *next;
};

struct backup {
    struct arena *arena;
    const char *folder;
    const char *config; /* the submilter.conf of this setup, without links; NULL: not known */
    int lock;
    bool busy; /* backup_open failed because another holds the lock */
    struct backup_entry *entries, *last;
    size_t count;
    unsigned numbers; /* given out so far */
    bool begun;       /* a change is under way, or was and was cut off: see backup_begin */
    size_t finished;  /* the entries before it */
};

/* SHA-256 of a content; "-" for a file that is not there. */
MUST_CHECK bool backup_digest(const struct place_file *file, char ret_hex[BACKUP_DIGEST]);

/* The name of the folder for a configuration's backups: one a path. NULL when memory is out. */
const char *backup_name(struct arena *arena, const char *mta, const char *path);

/* Makes the folder `state` (backup_folder.h) and `name` in it where they are missing, locks out a
 * second one, reads the manifest, clears up what one that was cut off has left. */
MUST_CHECK bool backup_open(struct arena *arena, const char *state, const char *name,
                            struct backup *ret_backup, struct error *error);
void backup_close(struct backup *backup);

/* Writes down that entries from `finished` on are being made (or undone); backup_end that this is
 * over. */
MUST_CHECK bool backup_begin(struct backup *backup, size_t finished, struct error *error);
MUST_CHECK bool backup_end(struct backup *backup, struct error *error);

/* A name in the folder that is free, to keep a version of a file in; taken: how many of those were
 * given out for this plan already. NULL when memory is out. */
const char *backup_kept_name(const struct backup *backup, const char *path, unsigned taken);

/* Keeps the old content on the disk; the manifest is written by backup_save alone. */
MUST_CHECK bool backup_add_file(struct backup *backup, const char *path, const char *given,
                                const struct place_file *before, const struct place_file *after,
                                struct error *error);
MUST_CHECK bool backup_add_folder(struct backup *backup, const char *path, struct error *error);
MUST_CHECK bool backup_save(struct backup *backup, struct error *error);

/* A copy of another one's entry and contents, behind `behind` (NULL: before all others);
 * backup_save is left to do. NULL with an error. */
struct backup_entry *backup_take_over(struct backup *backup, struct backup_entry *behind,
                                      const struct backup *other, const struct backup_entry *entry,
                                      struct error *error);

/* Forgets all entries but the first `count`, on the disk too, and that any more were begun; with 0
 * nothing is left but versions that were kept. */
MUST_CHECK bool backup_cut(struct backup *backup, size_t count, struct error *error);

/* The old file of an entry. */
MUST_CHECK bool backup_old(const struct backup *backup, const struct backup_entry *entry,
                           struct place_file *ret_file, struct error *error);

/* What setup made of a file that was there before: its content alone. Where none was kept, it does
 * not exist. */
MUST_CHECK bool backup_new(const struct backup *backup, const struct backup_entry *entry,
                           struct place_file *ret_file, struct error *error);

#endif
