/* What waits for Redis. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "limits/fleet_private.h"

struct timespec fleet_time_of(int64_t milliseconds)
{
    return (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
}

struct fleet_work *fleet_work_new(enum fleet_kind kind)
{
    struct fleet_work *work = calloc(1, sizeof *work);
    pthread_condattr_t monotonic;
    if (!work)
        return NULL;
    work->kind = kind;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&work->came, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return work;
}

void fleet_work_free(struct fleet_work *work)
{
    if (!work)
        return;
    redis_command_done(&work->order.command);
    redis_reply_free(work->reply);
    pthread_cond_destroy(&work->came);
    free(work);
}

void fleet_line_init(struct fleet_line *line)
{
    *line = (struct fleet_line){.last = &line->first};
}

void fleet_line_put(struct fleet_line *line, struct fleet_work *work)
{
    work->next = NULL;
    *line->last = work;
    line->last = &work->next;
    line->count++;
}

struct fleet_work *fleet_line_take(struct fleet_line *line)
{
    struct fleet_work *work = line->first;
    if (!work)
        return NULL;
    line->first = work->next;
    if (!line->first)
        line->last = &line->first;
    line->count--;
    return work;
}

bool fleet_put(struct fleet *fleet, struct fleet_work *work)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&fleet->lock);
    bool taken = fleet->usable && fleet->line.count < FLEET_LINE_MAX;
    bool first = fleet->line.count == 0;
    if (taken) {
        work->since = redis_clock();
        work->sequence = ++fleet->sequence;
        if (work->order.sequence_at) {
            redis_command_set(&work->order.command, work->order.epoch_at, fleet->epoch);
            redis_command_set(&work->order.command, work->order.sequence_at, work->sequence);
        }
        fleet_line_put(&fleet->line, work);
    }
    pthread_mutex_unlock(&fleet->lock);
    /* An eventfd that is full wakes as well. */
    if (taken && first && write(fleet->wake, &one, sizeof one) < 0)
        return true;
    return taken;
}

void fleet_break(struct fleet *fleet, const char *why)
{
    const uint64_t one = 1;
    if (!fleet->usable)
        return;
    fleet->usable = false;
    error_set(&fleet->why, "%s", why);
    if (write(fleet->wake, &one, sizeof one) < 0)
        return;
}
