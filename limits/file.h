/* The file that counters are kept in: an LMDB environment in a folder, shared by processes.
 *
 * LMDB takes its pages on trust, so that a damaged file could crash its reader: it is looked
 * through in a child process first, set aside where that finds damage, and begun anew. */
#ifndef LIMITS_FILE_H
#define LIMITS_FILE_H

#include <lmdb.h>
#include <pthread.h>
#include <sys/types.h>

#include "policy/error.h"

#define FILE_READERS 8 /* at a time; others wait for one */

struct file {
    char *folder;
    size_t max_size;
    MDB_env *env;           /* NULL: could not be opened again */
    MDB_dbi records;        /* kind's digit and name -> record_encode */
    MDB_dbi standings;      /* login -> standing_encode */
    MDB_dbi correspondents; /* key -> first (hours, 4 bytes), last (days, 4 bytes) */
    MDB_dbi claims;         /* key's hash -> until (seconds, 8 bytes) */
    dev_t device;           /* of what is open */
    ino_t inode;
    off_t size;           /* as it was last seen */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    MDB_txn *idle[FILE_READERS];
    size_t idle_count, busy;
    bool is_closed; /* for opening it anew: nobody enters */
};

enum file_use { FILE_MAKE, FILE_EXISTING };

/* Opens it, with FILE_MAKE after making what is missing and setting aside what is damaged:
 * *ret_aside is the sentence for that then, to be freed, else NULL. */
MUST_CHECK bool file_open(struct file *file, const char *folder, int64_t max_size,
                          enum file_use use, char **ret_aside, struct error *error);
void file_close(struct file *file);

/* The same again, where it has gone or is damaged; what was open is closed in any case. */
MUST_CHECK bool file_open_again(struct file *file, char **ret_aside, struct error *error);

/* Whether the folder still holds the file that is open, in its full length. For one thread. */
bool file_is_there(struct file *file);

/* A transaction for reading; NULL: it can't be read just now. */
MDB_txn *file_read(struct file *file);
void file_read_end(struct file *file, MDB_txn *txn);

/* A transaction for writing: waits for those of other processes. An LMDB status. */
int file_write(struct file *file, MDB_txn **ret_txn);
/* Ends it; status other than 0: nothing of it is kept. Returns status, or what committing said. */
int file_write_end(struct file *file, MDB_txn *txn, int status);

/* What LMDB's status means for the admin. */
const char *file_reason(int status);

/* Whether only opening it again can help. */
bool file_is_damage(int status);

/* The number of the last transaction that anybody wrote. */
size_t file_last(struct file *file);

/* ---- Between file.c and file_check.c ---- */

/* Opens the environment and its tables. An LMDB status. */
int file_open_env(const char *folder, size_t max_size, bool read_only, struct file *file);

enum file_check { FILE_SOUND, FILE_DAMAGED, FILE_UNCLEAR };

/* Looks it through in a child process. */
enum file_check file_check(const char *folder, size_t max_size);

#endif
