/* What a long command shows of itself on a terminal, and how an admin ends it. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct history;

/* "read 120,000 of 1,000,000" on standard error, rewritten in place, and only where that is a
 * terminal. Nothing is shown for what takes less than half a second. */
struct progress {
    const char *verb;
    const char *unit; /* behind the numbers; NULL after progress_begin */
    uint64_t total;   /* 0: not known */
    uint64_t done;
    bool terminal;
    bool shown;
    int64_t next; /* milliseconds of the monotonic clock */
};

/* verb: "read", "judged"; must outlive it. */
void progress_begin(struct progress *progress, const char *verb, uint64_t total);

/* done of them are done. Cheap enough for every row. */
void progress_step(struct progress *progress, uint64_t done);

/* For history_progress(), whose context is a struct progress: a question runs that counts nothing.
 */
void progress_tick(void *progress);

/* Takes the line away again: before anything else is written to the terminal, and at the end. */
void progress_end(struct progress *progress);

/* The line's text, at most size bytes with the NUL: "read 120,000 of 1,000,000". */
void progress_text(const struct progress *progress, char *ret_text, size_t size);

/* From now on INT, TERM and HUP (unless the caller of the program ignores them) stop the running
 * question of a history (NULL: there is none) and are remembered; the second one ends the program
 * at once. To be called with NULL before the history is closed. */
void progress_catch(struct history *history);

/* While at_once such a signal ends the program there and then, with the line and the status of
 * progress_status: for waits that can't be woken, while there is nothing yet to be left whole. */
void progress_catch_at_once(bool at_once);

/* Whether one came: loops ask this and come to their end. */
bool progress_interrupted(void);

/* Gives up what waits for standard output, where nobody takes it: a pager that stands still would
 * hold up the program's end as well. progress_status() does it. */
void progress_drop_untaken(void);

/* Says on standard error, in one line, that the command was interrupted. Returns the exit status:
 * 130 for INT, as shells have it. */
int progress_status(void);

#endif
