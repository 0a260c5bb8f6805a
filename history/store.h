/* The writing side of the history: one database file, which several may have open at once. */
#ifndef HISTORY_STORE_H
#define HISTORY_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct store;

enum store_result {
    STORE_DONE,
    STORE_AGAIN,   /* it failed for now (a full disk, no rights, a lock): nothing of the call was
                      kept; close, and open later. error says what */
    STORE_DAMAGED, /* the file is no database any more: close, store_set_aside, open */
};

/* Opens the file, or makes it (mode 0640, its folder's owner where we are root) with its tables.
 * Its folder has to be there; the file itself may be no link. Every commit reaches the disk.
 * patience: for whom else writes to it, in milliseconds, at each call. */
enum store_result store_open(const char *path, int patience, struct store **ret_store,
                             struct error *error);

/* NULL is taken. */
void store_close(struct store *store);

/* Whether the path still names the file that is open. */
bool store_is_there(const struct store *store);

struct store_count {
    size_t inserted;
    size_t known;      /* they were there already */
    size_t unreadable; /* no records */
};

/* One transaction. Records are JSON objects (gate/record.h). *count is added to where it is DONE.
 */
enum store_result store_insert(struct store *store, const struct bytes *records,
                               size_t record_count, struct store_count *count, struct error *error);

/* What `submilterctl conf` prints for a configuration, by its hash; once a hash. now: milliseconds.
 * Of many the oldest go. */
enum store_result store_add_configuration(struct store *store, const char *hash, const char *text,
                                          int64_t now, struct error *error);

/* One short transaction at most: takes away some of the decisions from before then (milliseconds),
 * or, where file and journal are larger than max_size, some of the oldest; gives back their place.
 * *ret_more: there is more to do, call again. */
enum store_result store_prune(struct store *store, int64_t before, int64_t max_size, bool *ret_more,
                              struct error *error);

/* Renames a damaged database of ours to PATH.damaged-TIME, TIME as 20261121T101500Z, with its
 * journal; the one that was set aside before is removed. A file that was not ours is left alone,
 * which is an error. */
MUST_CHECK bool store_set_aside(const char *path, int64_t now, struct error *error);

#endif
