/* The recorded decisions, opened for questions: the daemon's database, or files of JSON lines. */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"

struct history;

/* The daemon's database, for reading only; the daemon may write it meanwhile and is not held up.
 * A file that is not there, is damaged, is another program's, or has another version of the tables
 * is an error. */
MUST_CHECK bool history_open(const char *path, struct history **ret_history, struct error *error);

/* Files of JSON lines (log.json's; "-": stdin), loaded into a database that goes with
 * history_close: every question works on both. Records that stand in them twice count once.
 * *ret_unreadable: lines that are no records; the rest is loaded. */
MUST_CHECK bool history_open_lines(const char *const *paths, size_t count,
                                   struct history **ret_history, size_t *ret_unreadable,
                                   struct error *error);

/* The same, telling now and then how much has been read, in bytes (total 0: unknown). go_on may
 * be NULL; false stops the loading, which is an error. */
struct history_watch {
    bool (*go_on)(void *context, uint64_t read, uint64_t total);
    void *context;
};
MUST_CHECK bool history_open_lines_watched(const char *const *paths, size_t count,
                                           const struct history_watch *watch,
                                           struct history **ret_history, size_t *ret_unreadable,
                                           struct error *error);

/* "FILE:LINE: why" of the first line that was no record; NULL where there was none. */
const char *history_first_unreadable(const struct history *history);

/* NULL is taken. */
void history_close(struct history *history);

/* Ends the question that is being asked, and all after it, with an error. For signal handlers and
 * other threads. */
void history_interrupt(struct history *history);
bool history_is_interrupted(const struct history *history);

/* called now and then (many times a second) while a question is worked on; NULL for none. It must
 * not ask the history. */
void history_progress(struct history *history, void (*called)(void *context), void *context);

#endif
