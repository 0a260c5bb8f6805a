/* What many threads hand to one: a bounded list without a lock, so that a callback never waits for
 * whoever writes. */
#ifndef MILTER_OUTBOX_H
#define MILTER_OUTBOX_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* The first member of what is handed over. */
struct outbox_item {
    struct outbox_item *next;
    size_t size; /* bytes that it counts for */
};

struct outbox {
    _Atomic(struct outbox_item *) newest;
    atomic_size_t bytes;
    size_t most; /* bytes */
    atomic_ulong lost;
    atomic_bool ending;
    sem_t more, ended;
    bool took; /* something, the last time; its thread's own */
};

/* For as long as the process lives. */
void outbox_init(struct outbox *box, size_t most);

/* From any thread. False: there is no room. It is counted as lost and still the caller's. For what
 * has no size there always is. */
bool outbox_put(struct outbox *box, struct outbox_item *item);

/* Counts one that was lost before it could be handed over. */
void outbox_lose(struct outbox *box);

/* Bytes that wait. */
size_t outbox_bytes(const struct outbox *box);

/* Of the one thread: waits until there is something, or outbox_end was called. *ret_items: all
 * there is, the oldest first, which is the caller's now; *ret_lost: how many did not fit since the
 * last time. False once outbox_end was called and nothing is left. */
bool outbox_take(struct outbox *box, struct outbox_item **ret_items, unsigned long *ret_lost);

/* The thread's last word; whoever ends it waits for that. */
void outbox_has_ended(struct outbox *box);

/* Ends the thread. False: it has not ended after so many seconds. */
bool outbox_end(struct outbox *box, int seconds);

/* From any thread, once the one has ended: what came too late for it. */
void outbox_take_rest(struct outbox *box, struct outbox_item **ret_items, unsigned long *ret_lost);

#endif
