/* What Redis is to hear of when it is back. */
#include <stdlib.h>
#include <string.h>

#include "limits/fleet_private.h"

void fleet_doubt(struct fleet *fleet, const struct limits_request *request, uint64_t sequence)
{
    size_t len = 0;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        len += request->who.names[kind].len;
    struct fleet_doubt *doubt = malloc(sizeof *doubt + len);
    if (!doubt)
        return;
    doubt->sequence = sequence;
    doubt->now = request->who.now;
    memcpy(doubt->amounts, request->amounts, sizeof doubt->amounts);
    char *to = doubt->text;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        struct bytes name = request->who.names[kind];
        if (name.len)
            memcpy(to, name.data, name.len);
        doubt->names[kind] = (struct bytes){to, name.len};
        to += name.len;
    }
    pthread_mutex_lock(&fleet->lock);
    if (fleet->doubt_count < FLEET_DOUBTS_MAX) {
        fleet->doubt_count++;
        doubt->next = fleet->doubts;
        fleet->doubts = doubt;
        doubt = NULL;
    }
    pthread_mutex_unlock(&fleet->lock);
    free(doubt);
}

void fleet_raise_later(struct fleet *fleet, struct bytes login,
                       const struct login_standing *standing)
{
    struct bytes cause = bytes_slice(standing->cause, 0, LIMITS_CAUSE_MAX);
    struct fleet_raise *raise = malloc(sizeof *raise + login.len + cause.len);
    if (!raise)
        return;
    if (login.len)
        memcpy(raise->text, login.data, login.len);
    if (cause.len)
        memcpy(raise->text + login.len, cause.data, cause.len);
    raise->login = (struct bytes){raise->text, login.len};
    raise->standing = *standing;
    raise->standing.cause = (struct bytes){raise->text + login.len, cause.len};
    pthread_mutex_lock(&fleet->lock);
    if (fleet->raise_count < FLEET_RAISES_MAX) {
        fleet->raise_count++;
        raise->next = fleet->raises;
        fleet->raises = raise;
        raise = NULL;
    }
    pthread_mutex_unlock(&fleet->lock);
    free(raise);
}

void fleet_raise_forget(struct fleet *fleet, struct bytes login, int64_t since)
{
    pthread_mutex_lock(&fleet->lock);
    struct fleet_raise **at = &fleet->raises;
    while (*at) {
        struct fleet_raise *raise = *at;
        if (raise->standing.since > since || !bytes_equal_nocase(raise->login, login)) {
            at = &raise->next;
            continue;
        }
        *at = raise->next;
        fleet->raise_count--;
        free(raise);
    }
    pthread_mutex_unlock(&fleet->lock);
}

struct fleet_raise *fleet_raise_take(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    struct fleet_raise *raise = fleet->raises;
    if (raise) {
        fleet->raises = raise->next;
        fleet->raise_count--;
    }
    pthread_mutex_unlock(&fleet->lock);
    return raise;
}

void fleet_raise_put_back(struct fleet *fleet, struct fleet_raise *raise)
{
    pthread_mutex_lock(&fleet->lock);
    raise->next = fleet->raises;
    fleet->raises = raise;
    fleet->raise_count++;
    pthread_mutex_unlock(&fleet->lock);
}

bool fleet_raise_put(struct fleet *fleet, struct bytes login, const struct login_standing *standing)
{
    struct fleet_work *work = fleet_work_new(FLEET_WORK_SETTLE);
    if (work)
        work->left = true;
    if (!work ||
        !fleet_command_stand(&fleet->keys, login, standing, FLEET_RAISE, standing->since, 0,
                             &work->order.command) ||
        !fleet_put(fleet, work)) {
        fleet_work_free(work);
        return false;
    }
    return true;
}

void fleet_tell_raise(struct fleet *fleet, struct bytes login,
                      const struct login_standing *standing)
{
    if (!fleet_raise_put(fleet, login, standing))
        fleet_raise_later(fleet, login, standing);
}
