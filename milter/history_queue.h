/* The records that wait for the history: callbacks put them in, one thread takes them out. */
#ifndef MILTER_HISTORY_QUEUE_H
#define MILTER_HISTORY_QUEUE_H

#include <stddef.h>

#include "milter/record_text.h"

#define HISTORY_QUEUE_BYTES ((size_t)32 << 20)

/* Of no thread but under the caller's lock, all of them. */
struct history_queue {
    struct history_item *first, **last;
    unsigned long added, removed; /* so many, ever */
    size_t bytes;
    unsigned long lost; /* what did not fit; whoever says so sets it back */
};

void history_queue_init(struct history_queue *queue);

/* Takes over the reference; false: it did not fit and is lost. */
bool history_queue_add(struct history_queue *queue, struct record_text *record);

/* The oldest ones, at most count of them; they stay good until history_queue_cut, which only the
 * same thread calls. Returns how many. */
size_t history_queue_look(const struct history_queue *queue, struct bytes *ret_records,
                          size_t count);

/* The oldest ones, which are the caller's now: free them, best without the lock. */
struct history_item *history_queue_cut(struct history_queue *queue, size_t count);

/* Returns how many there were. */
unsigned long history_items_free(struct history_item *items);

#endif
