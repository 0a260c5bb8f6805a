/* Asking the fleet's store, and this host's own while that is gone. */
#include "limits/fleet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/embedded_own.h"
#include "limits/fleet_private.h"

#define CLAIM_PATIENCE_MS 1000

void fleet_say(const struct fleet *fleet, const char *format, ...)
{
    char text[1024], line[1400];
    va_list arguments;
    if (!fleet->say)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "counters: Redis at %.300s %s", fleet->address, text);
    fleet->say(line);
}

/* Whether asking makes sense, and what else a command needs. */
static bool is_usable(struct fleet *fleet, int64_t *ret_offset)
{
    pthread_mutex_lock(&fleet->lock);
    bool usable = fleet->usable;
    *ret_offset = fleet->offset;
    pthread_mutex_unlock(&fleet->lock);
    return usable;
}

void fleet_submit(struct fleet *fleet, struct limits_request *request)
{
    int64_t offset;
    request->answer = (struct limits_answer){0};
    request->work = NULL;
    if (!is_usable(fleet, &offset))
        return;
    struct fleet_work *work = fleet_work_new(FLEET_WORK_REQUEST);
    if (!work)
        return;
    work->op = request->op;
    if (fleet_command_request(&fleet->keys, request, offset, &work->order) &&
        fleet_put(fleet, work))
        request->work = work;
    else
        fleet_work_free(work);
}

bool fleet_is_ready(struct fleet *fleet, const struct limits_request *request)
{
    const struct fleet_work *work = request->work;
    if (!work || work->op == LIMITS_REFUSED)
        return true;
    pthread_mutex_lock(&fleet->lock);
    bool ready = work->done;
    pthread_mutex_unlock(&fleet->lock);
    return ready;
}

/* Its reply, or NULL where there was none in time. The work is gone afterwards. */
static struct redisReply *wait_for(struct fleet *fleet, struct fleet_work *work, int64_t patience)
{
    struct timespec until = fleet_time_of(work->since + patience);
    struct redisReply *reply = NULL;
    pthread_mutex_lock(&fleet->lock);
    while (!work->done)
        if (pthread_cond_timedwait(&work->came, &fleet->lock, &until) == ETIMEDOUT)
            break;
    bool done = work->done;
    if (done) {
        reply = work->reply;
        work->reply = NULL;
    } else {
        work->left = true;
        fleet_break(fleet, "it does not answer within 50 ms");
    }
    pthread_mutex_unlock(&fleet->lock);
    if (done)
        fleet_work_free(work);
    return reply;
}

/* The answer of this host alone; sequence: under which it was sent, 0: it was not. */
static void answer_alone(struct fleet *fleet, struct limits_request *request, uint64_t sequence)
{
    pthread_mutex_lock(&fleet->lock);
    int64_t hosts = fleet->hosts;
    pthread_mutex_unlock(&fleet->lock);
    embedded_do(fleet->own, request, hosts);
    /* Redis may have counted what is held back here, too. */
    if (request->op == LIMITS_CHARGE && sequence)
        fleet_doubt(fleet, request, sequence);
}

/* What an admin has thawed on the fleet must not stay frozen here, and what the fleet knows is to
 * hold here when the fleet is gone. What it has lost, or never heard of, it is told. */
static void keep_standing(struct fleet *fleet, struct limits_request *request,
                          const struct login_standing *told, const char *cause,
                          int64_t normal_since)
{
    struct login_standing *standing = &request->answer.standing;
    struct bytes login = request->who.names[SUBJECT_LOGIN];
    if (!login.len)
        return;
    if (told->state == LOGIN_NORMAL && !told->until && standing->state != LOGIN_NORMAL &&
        standing->since > normal_since) {
        fleet_tell_raise(fleet, login, standing);
        return;
    }
    if (standing->state != LOGIN_NORMAL || told->until)
        embedded_take_standing(fleet->own, login, told, request->who.now / 1000);
    if (standing->state != told->state) {
        memcpy(request->answer.cause, cause, sizeof request->answer.cause);
        *standing = *told;
        standing->cause.data = request->answer.cause;
    }
}

/* Somebody whom this host alone remembers. */
static void tell_correspondent(struct fleet *fleet, const struct limits_request *request)
{
    struct fleet_work *work = fleet_work_new(FLEET_WORK_ERRAND);
    if (!work)
        return;
    work->left = true;
    if (!fleet_command_learn(&fleet->keys, request->who.names[SUBJECT_LOGIN], request->rcpts[0],
                             request->answer.rcpt_since, request->who.now / 1000,
                             &work->order.command) ||
        !fleet_put(fleet, work))
        fleet_work_free(work);
}

void fleet_collect(struct fleet *fleet, struct limits_request *request)
{
    struct fleet_work *work = request->work;
    request->work = NULL;
    if (!work) {
        answer_alone(fleet, request, 0);
        return;
    }
    if (request->op == LIMITS_REFUSED) {
        /* Nobody needs its answer: the thread ends it. */
        pthread_mutex_lock(&fleet->lock);
        bool done = work->done;
        work->left = true;
        pthread_mutex_unlock(&fleet->lock);
        if (done)
            fleet_work_free(work);
        request->answer.answered = true;
        embedded_follow(fleet->own, request);
        return;
    }
    uint64_t sequence = work->sequence;
    struct redisReply *reply = wait_for(fleet, work, LIMITS_PATIENCE_MS);
    if (!reply) {
        answer_alone(fleet, request, sequence);
        return;
    }
    int64_t normal_since;
    fleet_reply_read(reply, request, &normal_since);
    redis_reply_free(reply);
    struct login_standing told = request->answer.standing;
    char cause[sizeof request->answer.cause];
    bool is_new = request->op == LIMITS_KNOWN && !request->answer.rcpt_since;
    memcpy(cause, request->answer.cause, sizeof cause);
    told.cause.data = cause;
    embedded_follow(fleet->own, request);
    if (is_new && request->answer.rcpt_since)
        tell_correspondent(fleet, request);
    keep_standing(fleet, request, &told, cause, normal_since);
}

void fleet_raise(struct fleet *fleet, struct bytes login, const struct login_standing *standing)
{
    embedded_raise(fleet->own, login, standing);
    fleet_tell_raise(fleet, login, standing);
}

bool fleet_claim(struct fleet *fleet, const char *key, int64_t seconds, int64_t now)
{
    bool own = embedded_claim(fleet->own, key, seconds, now);
    struct fleet_work *work = fleet_work_new(FLEET_WORK_CLAIM);
    if (!work)
        return own;
    if (!fleet_command_claim(&fleet->keys, key, seconds, &work->order.command) ||
        !fleet_put(fleet, work)) {
        fleet_work_free(work);
        return own;
    }
    struct redisReply *reply = wait_for(fleet, work, CLAIM_PATIENCE_MS);
    bool yes = reply ? redis_reply_bytes(reply).len > 0 : own;
    redis_reply_free(reply);
    return yes;
}
