/* Coming back to Redis: the scripts, who is there, and what was counted while it was gone. */
#include <stdlib.h>

#include "limits/fleet_greet.h"
#include "limits/fleet_private.h"

#define CONNECT_MS 1000
#define ASK_MS 1000
#define PING_MS LIMITS_PATIENCE_MS
#define AT_ONCE 200 /* subjects that settle in one go */

bool fleet_call(struct fleet *fleet, const struct redis_command *command, int64_t patience,
                struct redisReply **ret_reply, struct error *error)
{
    struct bytes bytes = redis_command_bytes(command);
    return redis_ask(fleet->redis, bytes.data, bytes.len, redis_clock() + patience, ret_reply,
                     error);
}

static bool beat(struct fleet *fleet, uint64_t *ret_last, bool *ret_lost, struct error *error)
{
    struct redis_command command;
    struct redisReply *reply = NULL;
    pthread_mutex_lock(&fleet->lock);
    fleet->epoch++;
    pthread_mutex_unlock(&fleet->lock);
    bool ok = fleet_beat_command(fleet, &command)
                  ? fleet_call(fleet, &command, ASK_MS, &reply, error) &&
                        fleet_beat_read(fleet, reply, ret_last, ret_lost, error)
                  : error_set(error, "out of memory");
    redis_reply_free(reply);
    redis_command_done(&command);
    return ok;
}

static void send_unsettled(struct fleet *fleet, size_t count, struct error *error, bool *ret_ok)
{
    struct fleet_work *work = fleet->unsettled.first;
    for (size_t i = 0; i < count && *ret_ok; i++, work = work->next) {
        pthread_mutex_lock(&fleet->lock);
        work->sequence = ++fleet->sequence;
        if (work->order.sequence_at) {
            redis_command_set(&work->order.command, work->order.epoch_at, fleet->epoch);
            redis_command_set(&work->order.command, work->order.sequence_at, work->sequence);
        }
        pthread_mutex_unlock(&fleet->lock);
        struct bytes command = redis_command_bytes(&work->order.command);
        *ret_ok = redis_append(fleet->redis, command.data, command.len, error);
    }
}

/* Adds what waits; what has been answered is gone. */
static bool settle(struct fleet *fleet, struct error *error)
{
    bool ok = true;
    while (ok && fleet->unsettled.count) {
        size_t count = fleet->unsettled.count < AT_ONCE ? fleet->unsettled.count : AT_ONCE;
        send_unsettled(fleet, count, error, &ok);
        for (size_t i = 0; i < count && ok; i++) {
            struct redisReply *reply = NULL;
            ok = redis_ask(fleet->redis, "", 0, redis_clock() + ASK_MS, &reply, error);
            redis_reply_free(reply);
            if (ok)
                fleet_work_free(fleet_line_take(&fleet->unsettled));
        }
    }
    return ok;
}

/* What Redis has counted already, though it did not say so in time. */
static void forget_settled(struct fleet *fleet, uint64_t last)
{
    struct fleet_line all = fleet->unsettled;
    struct fleet_work *work;
    if (!all.count)
        return;
    fleet_line_init(&fleet->unsettled);
    while ((work = fleet_line_take(&all)) != NULL) {
        if (work->sequence <= last)
            fleet_work_free(work);
        else
            fleet_line_put(&fleet->unsettled, work);
    }
}

static bool tell_raises(struct fleet *fleet, struct error *error)
{
    bool ok = true;
    for (;;) {
        struct redis_command command;
        struct redisReply *reply = NULL;
        struct fleet_raise *raise = fleet_raise_take(fleet);
        if (!raise)
            return true;
        ok = fleet_command_stand(&fleet->keys, raise->login, &raise->standing, FLEET_RAISE,
                                 raise->standing.since, 0, &command)
                 ? fleet_call(fleet, &command, ASK_MS, &reply, error)
                 : error_set(error, "out of memory");
        redis_reply_free(reply);
        redis_command_done(&command);
        if (!ok) {
            fleet_raise_put_back(fleet, raise);
            return false;
        }
        free(raise);
    }
}

static bool ping(struct fleet *fleet, struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *reply = NULL;
    redis_command_text(&command, "PING");
    bool ok = redis_command_end(&command) ? fleet_call(fleet, &command, PING_MS, &reply, error)
                                          : error_set(error, "out of memory");
    redis_reply_free(reply);
    redis_command_done(&command);
    return ok;
}

static bool try_to_return(struct fleet *fleet, struct error *error)
{
    uint64_t last = 0;
    bool lost = false;
    fleet->silent = 0;
    pthread_mutex_lock(&fleet->lock);
    int64_t weight = fleet->hosts;
    pthread_mutex_unlock(&fleet->lock);
    if (!redis_connect(fleet->address, redis_clock() + CONNECT_MS, fleet->wake, &fleet->redis,
                       error) ||
        !fleet_greet(fleet->redis, fleet->password_file, &fleet->shas, error) ||
        !beat(fleet, &last, &lost, error))
        return false;
    /* All that this host counted holds what still waits, too. */
    forget_settled(fleet, lost ? UINT64_MAX : last);
    fleet_gather_doubts(fleet, last);
    if (lost)
        fleet_gather_all(fleet, weight);
    fleet_gather_unseen(fleet);
    if (!settle(fleet, error) || !fleet_tell_words(fleet, ASK_MS, error) ||
        !tell_raises(fleet, error) || !ping(fleet, error))
        return false;
    /* What those have let through who are not back yet is not in Redis: until it is, or they are
     * taken for dead, this host goes on with its share. */
    return fleet->silent == 0 || error_set(error, "other hosts are not back yet");
}

bool fleet_return(struct fleet *fleet, struct error *error)
{
    if (!try_to_return(fleet, error)) {
        redis_close(fleet->redis);
        fleet->redis = NULL;
        return false;
    }
    /* What wakes the thread is a request from here on, and no end. */
    redis_never_cancel(fleet->redis);
    pthread_mutex_lock(&fleet->lock);
    fleet->usable = true;
    pthread_mutex_unlock(&fleet->lock);
    return true;
}

void fleet_settle_rest(struct fleet *fleet)
{
    struct fleet_work *work;
    struct fleet_raise *raise;
    fleet_gather_unseen(fleet);
    while ((work = fleet_line_take(&fleet->unsettled)) != NULL) {
        work->left = true;
        if (!fleet_put(fleet, work)) {
            fleet_line_put(&fleet->unsettled, work);
            return;
        }
    }
    while ((raise = fleet_raise_take(fleet)) != NULL) {
        /* None finds its place before this thread goes on. */
        if (!fleet_raise_put(fleet, raise->login, &raise->standing)) {
            fleet_raise_put_back(fleet, raise);
            return;
        }
        free(raise);
    }
}
