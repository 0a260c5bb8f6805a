/* The file that counters are kept in: an LMDB environment in a folder, shared by processes.
 *
 * LMDB takes its pages on trust, so that a damaged file could crash its reader: it is looked
 * through in a child process first, set aside where that finds damage, and begun anew. All of it,
 * unless the last one who had it open closed it and it is unchanged, or another process has it open
 * now, which has seen to that: a crash is always followed by a whole look. */
#ifndef LIMITS_LEDGER_H
#define LIMITS_LEDGER_H

#include <lmdb.h>
#include <pthread.h>
#include <sys/types.h>

#include "policy/error.h"

#define LEDGER_READERS 8 /* at a time; others wait for one */

struct ledger {
    char *folder;
    size_t max_size;
    MDB_env *env;           /* NULL: could not be opened again */
    MDB_dbi records;        /* kind's digit and name -> record_encode */
    MDB_dbi standings;      /* login -> standing_encode */
    MDB_dbi correspondents; /* key -> first (hours, 4 bytes), last (days, 4 bytes) */
    MDB_dbi words;          /* login -> what the fleet is to hear: embedded_words.c */
    MDB_dbi claims;         /* key's hash -> until (seconds, 8 bytes) */
    dev_t device;           /* of what is open */
    ino_t inode;
    off_t size;           /* as it was last seen */
    int closed;           /* the file of ledger_closed.c; -1: none */
    bool is_doubtful;     /* ledger_doubt; atomic */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    MDB_txn *idle[LEDGER_READERS];
    size_t idle_count, busy;
    bool is_shut;    /* nobody enters */
    bool is_mapping; /* anew: who would enter waits */
};

enum ledger_use { LEDGER_MAKE, LEDGER_EXISTING };

/* Opens it, with LEDGER_MAKE after making what is missing and setting aside what is damaged:
 * *ret_aside is the sentence for that then, to be freed, else NULL; where opening fails, too. */
MUST_CHECK bool ledger_open(struct ledger *ledger, const char *folder, int64_t max_size,
                            enum ledger_use use, char **ret_aside, struct error *error);
void ledger_close(struct ledger *ledger);

/* Closes it, while others still hold `ledger`: it can be neither read nor written from now on.
 * Waits for those who do just now. */
void ledger_shut(struct ledger *ledger);

/* The same again, where it has gone or is damaged; what was open is closed in any case. Meanwhile
 * it can be neither read nor written, and nobody waits. */
MUST_CHECK bool ledger_open_again(struct ledger *ledger, char **ret_aside, struct error *error);

/* Whether the folder still holds the file that is open, in its full length. For one thread. */
bool ledger_is_there(struct ledger *ledger);

/* A transaction for reading; NULL: it can't be read just now. */
MDB_txn *ledger_read(struct ledger *ledger);
void ledger_read_end(struct ledger *ledger, MDB_txn *txn);

/* A transaction for writing: waits for those of other processes. An LMDB status. */
int ledger_write(struct ledger *ledger, MDB_txn **ret_txn);
/* Ends it; status other than 0: nothing of it is kept. Returns status, or what committing said. */
int ledger_write_end(struct ledger *ledger, MDB_txn *txn, int status);

/* What LMDB's status means for the admin. */
const char *ledger_reason(int status);

/* Whether only opening it again can help. */
bool ledger_is_damage(int status);

/* Something in it could not be read or written: it is looked through wholly at the next opening.
 * From any thread. */
void ledger_doubt(struct ledger *ledger);

/* Frees the places of readers that were killed: else no page that changes after them is ever used
 * again, and the file grows until it is full. For the thread that opens it again. */
void ledger_clear_readers(struct ledger *ledger);

/* The number of the last transaction that anybody wrote: who begins to read from now on sees it. 0:
 * it can't be read just now. */
size_t ledger_last(struct ledger *ledger);

/* ---- Between ledger.c, ledger_check.c and ledger_closed.c ---- */

/* Opens the environment and its tables. An LMDB status. */
int ledger_open_env(const char *folder, size_t max_size, bool read_only, struct ledger *ledger);

enum ledger_check {
    LEDGER_SOUND,
    LEDGER_DAMAGED,
    LEDGER_UNCLEAR,
    LEDGER_UNSEEN, /* who looked has died, of the damage or not: errno says why it is not known */
};
enum ledger_depth {
    LEDGER_BRIEFLY, /* length, pages that are free, all but the large tables: milliseconds */
    LEDGER_WHOLLY,  /* every byte: as long as reading the file takes */
};

/* Looks through it in a child process. */
enum ledger_check ledger_check(const char *folder, size_t max_size, enum ledger_depth depth);

enum ledger_before {
    LEDGER_CLOSED,    /* as the last one left it, who closed it */
    LEDGER_IN_USE,    /* another process has it open */
    LEDGER_LEFT_OPEN, /* neither: whoever had it open was killed or crashed, or it was changed */
};

/* From now on it is in use. For whoever has locked the folder. */
enum ledger_before ledger_take(struct ledger *ledger);

/* It is not in use by this one any more: closed, if it is the last one and the file is sound. */
void ledger_leave(struct ledger *ledger, bool is_sound);

#endif
