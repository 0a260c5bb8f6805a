/* A stack that is taken whole and turned over: one exchange of a pointer a hand-over. */
#include "milter/outbox.h"

#include <errno.h>
#include <time.h>

/* After a batch the thread lets others gather: one wake-up serves them all, and one write. Who
 * comes when nothing has come for so long is not delayed. With 1 ms a message costs 1 % more, 50 ms
 * gain nothing. */
#define GATHER_MILLISECONDS 10

void outbox_init(struct outbox *box, size_t most)
{
    *box = (struct outbox){.most = most};
    sem_init(&box->more, 0, 0);
    sem_init(&box->ended, 0, 0);
}

/* Nothing else may come for long that would wake the thread. */
void outbox_lose(struct outbox *box)
{
    if (atomic_fetch_add(&box->lost, 1) == 0)
        sem_post(&box->more);
}

/* In one step: who finds no room takes none from others meanwhile. */
static bool take_room(struct outbox *box, size_t size)
{
    size_t before = atomic_load(&box->bytes);
    while (size <= box->most - before)
        if (atomic_compare_exchange_weak(&box->bytes, &before, before + size))
            return true;
    return false;
}

bool outbox_put(struct outbox *box, struct outbox_item *item)
{
    if (!take_room(box, item->size)) {
        outbox_lose(box);
        return false;
    }
    /* The item is another's as soon as it is in. */
    struct outbox_item *before = atomic_load(&box->newest);
    do
        item->next = before;
    while (!atomic_compare_exchange_weak(&box->newest, &before, item));
    if (!before)
        sem_post(&box->more);
    return true;
}

size_t outbox_bytes(const struct outbox *box)
{
    return atomic_load(&box->bytes);
}

static struct outbox_item *oldest_first(struct outbox *box)
{
    size_t bytes = 0;
    struct outbox_item *items = NULL;
    struct outbox_item *item = atomic_exchange(&box->newest, NULL);
    while (item) {
        struct outbox_item *older = item->next;
        item->next = items;
        items = item;
        bytes += item->size;
        item = older;
    }
    atomic_fetch_sub(&box->bytes, bytes);
    return items;
}

static void gather(void)
{
    const struct timespec pause = {.tv_nsec = GATHER_MILLISECONDS * 1000000L};
    nanosleep(&pause, NULL);
}

static void wait_for(sem_t *event)
{
    while (sem_wait(event) != 0 && errno == EINTR)
        ;
}

void outbox_take_rest(struct outbox *box, struct outbox_item **ret_items, unsigned long *ret_lost)
{
    *ret_items = oldest_first(box);
    *ret_lost = atomic_exchange(&box->lost, 0);
}

bool outbox_take(struct outbox *box, struct outbox_item **ret_items, unsigned long *ret_lost)
{
    bool ending = atomic_load(&box->ending);
    if (box->took && !ending)
        gather();
    if (!ending)
        wait_for(&box->more);
    outbox_take_rest(box, ret_items, ret_lost);
    box->took = *ret_items != NULL;
    return !ending || *ret_items || *ret_lost;
}

void outbox_has_ended(struct outbox *box)
{
    sem_post(&box->ended);
}

bool outbox_end(struct outbox *box, int seconds)
{
    struct timespec until;
    int failed;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    atomic_store(&box->ending, true);
    sem_post(&box->more);
    do
        failed = sem_timedwait(&box->ended, &until);
    while (failed && errno == EINTR);
    return !failed;
}
