/* The file beside the memory: read where memory does not know a subject, written about once a
 * second by a thread of its own.
 *
 * What is written are differences: what this process counted since it last wrote is added to what
 * the file says by now. So two processes (a daemon and its successor) can count into one file. */
#ifndef LIMITS_KEEPER_H
#define LIMITS_KEEPER_H

#include "limits/embedded_private.h"
#include "limits/ledger.h"

#define KEEPER_NOTE_SIZE 64

struct flights;

struct keeper {
    struct embedded *embedded;
    struct ledger ledger;
    void (*say)(const char *text);
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;         /* of these */
    pthread_cond_t woken, synced; /* synced: a round is over, or the thread */
    uint64_t wanted, done;        /* rounds of writing that were asked for, that are over */
    bool stops;
    bool has_ended; /* the thread, all but for its last line */
    bool has_note;  /* to be written */
    char note[KEEPER_NOTE_SIZE];
    bool has_missed; /* atomic: something could not be read */
    /* The thread's own. */
    size_t seen;            /* the last transaction that memory knows of */
    size_t sweep_slot;      /* where forgetting in memory goes on */
    uint8_t prune_key[600]; /* where forgetting in the file goes on */
    size_t prune_len;
    int prune_table;
    bool is_failing; /* the last round was not written */
    bool has_said_unreadable;
    bool note_fails;
};

/* With a thread where it is a daemon's. */
MUST_CHECK bool keeper_start(struct embedded *embedded, const struct limits_options *options,
                             enum ledger_use use, struct error *error);
/* Ends the thread, where there is one: what waits is written and the file closed. by: as
 * limits_stop has it. False: it has not ended, which is said, and the keeper is not to be freed. */
MUST_CHECK bool keeper_stop(struct keeper *keeper, int64_t by);
/* After that. Where there was no thread, writes what waits. */
void keeper_free(struct keeper *keeper);

/* What the file knows of a subject. False: it can't be read just now: the record is empty, and the
 * thread reads it again. */
bool keeper_load(struct keeper *keeper, const struct entry_key *key, struct record *ret_record);

bool keeper_find_correspondent(struct keeper *keeper, const uint8_t key[CORRESPONDENT_KEY],
                               struct known *ret_known);

/* False: the file failed, *ret_is_free says nothing. */
MUST_CHECK bool keeper_claim(struct keeper *keeper, uint64_t key, int64_t seconds, int64_t now,
                             bool *ret_is_free);

/* Returns when all that was counted before is in the file, or could not be written. */
void keeper_sync(struct keeper *keeper);

/* ---- Between keeper*.c ---- */

/* A key of the file's. */
struct ledger_key {
    MDB_val value;
    char bytes[1 + LIMITS_NAME_MAX];
};
void keeper_key(enum subject_kind kind, struct bytes name, struct ledger_key *ret_key);

/* An LMDB status; MDB_NOTFOUND: there is none. An unreadable one is said, and none. */
int keeper_get(struct keeper *keeper, MDB_txn *txn, const struct entry_key *key,
               struct record *ret_record);
int keeper_get_standing(struct keeper *keeper, MDB_txn *txn, struct bytes login,
                        struct standing *ret_standing);
int keeper_put(struct keeper *keeper, MDB_txn *txn, enum subject_kind kind, struct bytes name,
               const struct record *record);
int keeper_put_standing(struct keeper *keeper, MDB_txn *txn, struct bytes login,
                        const struct standing *standing);
int keeper_put_known(struct keeper *keeper, MDB_txn *txn, const struct known *known);

/* A round of writing. An LMDB status: 0 where it reached the file. */
int keeper_write(struct keeper *keeper);

/* keeper_note.c: embedded_note's line, where it is another one. */
void keeper_write_note(struct keeper *keeper);

/* Forgets in the file what is too old: a slice of it. */
int keeper_prune(struct keeper *keeper, MDB_txn *txn, int64_t now, bool *ret_changed);

/* Somebody else wrote: what is in memory is read again. */
void keeper_refresh(struct keeper *keeper);

/* Forgets in memory what the file has and nobody asks for. */
void keeper_sweep(struct keeper *keeper);

/* Damaged or gone while it was open: begins anew with what is in memory. */
void keeper_begin_anew(struct keeper *keeper, const char *why);

void keeper_say(struct keeper *keeper, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
