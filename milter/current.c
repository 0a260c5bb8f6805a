/* Swapping whole snapshots. */
#include "milter/current.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct snapshot *current;
static atomic_bool draining;

/* What was replaced. */
struct past {
    struct past *next;
    struct snapshot *snapshot;
};
static struct past *past;

struct snapshot *current_snapshot(void)
{
    pthread_mutex_lock(&lock);
    struct snapshot *snapshot = current ? snapshot_ref(current) : NULL;
    pthread_mutex_unlock(&lock);
    return snapshot;
}

void current_replace(struct snapshot *snapshot)
{
    pthread_mutex_lock(&lock);
    struct snapshot *before = current;
    current = snapshot;
    pthread_mutex_unlock(&lock);
    struct past *link = before ? malloc(sizeof *link) : NULL;
    if (link) {
        *link = (struct past){past, before};
        past = link;
    } else {
        snapshot_unref(before);
    }
}

bool current_clear(void)
{
    struct past **link = &past;
    while (*link) {
        struct past *left = *link;
        if (!snapshot_is_left(left->snapshot)) {
            link = &left->next;
            continue;
        }
        *link = left->next;
        snapshot_unref(left->snapshot);
        free(left);
    }
    return past != NULL;
}

void current_drain(void)
{
    atomic_store(&draining, true);
}

bool current_is_draining(void)
{
    return atomic_load(&draining);
}
