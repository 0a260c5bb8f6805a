/* The thread that owns the connection to Redis: all requests that wait go out together. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "limits/fleet_private.h"

#define PAUSE_MS 500 /* before the first probe; twice as long before each further one */
#define PAUSE_MAX_MS 5000
#define STEADY_MS                                                                                  \
    10000 /* so long without a break, and the next begins with a short pause again                 \
           */

static void drain(int wake)
{
    uint64_t count;
    while (read(wake, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}

static bool is_stopped(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    bool stop = fleet->stop;
    pthread_mutex_unlock(&fleet->lock);
    return stop;
}

/* With the lock held. Takes the reply. */
static void end_work(struct fleet_work *work, struct redisReply *reply)
{
    work->reply = reply;
    work->done = true;
    if (work->left)
        fleet_work_free(work);
    else
        pthread_cond_signal(&work->came);
}

/* With the lock held: nobody waits any longer. What settles may have reached Redis or not. */
static void fail_all(struct fleet *fleet, struct fleet_line *line)
{
    struct fleet_work *work;
    while ((work = fleet_line_take(line)) != NULL) {
        if (work->kind == FLEET_WORK_SETTLE)
            fleet_line_put(&fleet->unsettled, work);
        else
            end_work(work, NULL);
    }
}

static void break_circuit(struct fleet *fleet, const struct error *why)
{
    pthread_mutex_lock(&fleet->lock);
    fleet_break(fleet, why->text);
    pthread_mutex_unlock(&fleet->lock);
}

/* A reply to the oldest work that flies. */
static bool take_reply(struct fleet *fleet, struct redisReply *reply, struct error *error)
{
    struct fleet_work *work = fleet->flying.first;
    uint64_t last;
    bool lost = false;
    if (!work) {
        redis_reply_free(reply);
        return error_set(error, "it answers what nobody asked");
    }
    bool ok = !redis_reply_is_error(reply, error);
    if (ok && work->kind == FLEET_WORK_REQUEST &&
        !fleet_reply_fits(reply, work->op, work->order.subjects))
        ok = error_set(error, "its answer is none to what was asked");
    if (ok && work->kind == FLEET_WORK_BEAT)
        ok = fleet_beat_read(fleet, reply, &last, &lost, error);
    if (ok && lost)
        fleet_say(fleet, "was emptied: counting begins anew");
    if (ok && work->kind == FLEET_WORK_BEAT)
        fleet_say_hosts(fleet);
    if (!ok) {
        redis_reply_free(reply);
        return false;
    }
    fleet_line_take(&fleet->flying);
    pthread_mutex_lock(&fleet->lock);
    end_work(work, reply);
    pthread_mutex_unlock(&fleet->lock);
    return true;
}

static bool take_replies(struct fleet *fleet, struct error *error)
{
    struct redisReply *reply;
    if (!redis_receive(fleet->redis, error))
        return false;
    for (;;) {
        if (!redis_next(fleet->redis, &reply, error))
            return false;
        if (!reply)
            return true;
        if (!take_reply(fleet, reply, error))
            return false;
    }
}

static bool send_line(struct fleet *fleet, struct error *error)
{
    struct fleet_work *work;
    struct fleet_line line;
    fleet_line_init(&line);
    pthread_mutex_lock(&fleet->lock);
    while ((work = fleet_line_take(&fleet->line)) != NULL)
        fleet_line_put(&line, work);
    pthread_mutex_unlock(&fleet->lock);
    bool ok = true;
    while ((work = fleet_line_take(&line)) != NULL) {
        struct bytes command = redis_command_bytes(&work->order.command);
        ok = ok && redis_append(fleet->redis, command.data, command.len, error);
        fleet_line_put(&fleet->flying, work);
    }
    return ok && redis_flush(fleet->redis, error);
}

static void put_beat(struct fleet *fleet)
{
    struct fleet_work *work = fleet_work_new(FLEET_WORK_BEAT);
    if (!work)
        return;
    work->left = true;
    if (!fleet_beat_command(fleet, &work->order.command) || !fleet_put(fleet, work))
        fleet_work_free(work);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One turn: sends, waits, reads; what is late breaks the circuit. */
static bool turn(struct fleet *fleet, int64_t beat, struct error *error)
{
    if (!send_line(fleet, error))
        return false;
    int64_t due = beat, now = redis_clock();
    if (fleet->flying.first)
        due = smaller(due, fleet->flying.first->since + LIMITS_PATIENCE_MS);
    struct pollfd polled[2] = {
        {.fd = redis_descriptor(fleet->redis), .events = POLLIN},
        {.fd = fleet->wake, .events = POLLIN},
    };
    if (redis_wants_to_send(fleet->redis))
        polled[0].events |= POLLOUT;
    int ready = poll(polled, 2, due > now ? (int)(due - now) : 0);
    if (ready < 0 && errno != EINTR)
        return error_set(error, "poll failed");
    if (polled[1].revents)
        drain(fleet->wake);
    /* Reads before it judges: this thread may have been late itself. */
    if (!take_replies(fleet, error))
        return false;
    if (fleet->flying.first && redis_clock() >= fleet->flying.first->since + LIMITS_PATIENCE_MS)
        return error_set(error, "it does not answer within %d ms", LIMITS_PATIENCE_MS);
    return true;
}

/* Whether there is a connection to go on with, and something to do for it. */
static bool goes_on(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    bool yes = fleet->usable && (!fleet->stop || fleet->line.first || fleet->flying.first);
    pthread_mutex_unlock(&fleet->lock);
    return yes;
}

static void leave(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    bool knows_all = fleet->usable && !fleet->unsettled.count && !fleet->raises;
    pthread_mutex_unlock(&fleet->lock);
    if (knows_all)
        fleet_leave(fleet);
}

/* Nobody waits for this connection any longer; why it ended is said, if it was not asked to. */
static void hang_up(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    fleet->usable = false;
    struct error why = fleet->why;
    int64_t hosts = fleet->hosts;
    bool stop = fleet->stop;
    fail_all(fleet, &fleet->flying);
    fail_all(fleet, &fleet->line);
    pthread_mutex_unlock(&fleet->lock);
    redis_close(fleet->redis);
    fleet->redis = NULL;
    fleet->gone_since = redis_clock();
    fleet->said_why = why;
    if (!stop)
        fleet_say(fleet,
                  "is not to be counted on: %s; until it is back this host keeps to 1/%lld of the "
                  "limits, and adds later what it counted",
                  why.text, (long long)hosts);
}

/* Until the circuit is broken, or the end. */
static void serve(struct fleet *fleet)
{
    int64_t beat = redis_clock() + FLEET_BEAT_MS;
    struct error error;
    bool words_wait = false;
    fleet_settle_rest(fleet);
    fleet_say_hosts(fleet);
    /* Whoever waited in vain may have broken the circuit: nothing more is told then. */
    while (goes_on(fleet)) {
        bool ok = true;
        if (redis_clock() >= beat) {
            beat = redis_clock() + FLEET_BEAT_MS;
            fleet_settle_rest(fleet);
            put_beat(fleet);
            words_wait = true;
        }
        if (words_wait && !fleet->flying.first) {
            words_wait = false;
            ok = fleet_tell_words(fleet, LIMITS_PATIENCE_MS, &error);
        }
        if (!ok || !turn(fleet, beat, &error))
            break_circuit(fleet, &error);
    }
    leave(fleet);
    hang_up(fleet);
}

static void pause_for(struct fleet *fleet, int64_t pause)
{
    int64_t until = redis_clock() + pause, now;
    while ((now = redis_clock()) < until && !is_stopped(fleet)) {
        struct pollfd polled = {.fd = fleet->wake, .events = POLLIN};
        if (poll(&polled, 1, (int)(until - now)) > 0)
            drain(fleet->wake);
    }
}

/* That it is not back, where there is another reason for it than was said last. An end gives a try
 * up. */
static void say_why(struct fleet *fleet, const struct error *why)
{
    if (is_stopped(fleet) || strcmp(why->text, fleet->said_why.text) == 0 ||
        !fleet_may_say(&fleet->often_why))
        return;
    fleet->said_why = *why;
    fleet_say(fleet, "is not back yet: %s", why->text);
}

static void first_try_is_over(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    fleet->has_tried = true;
    pthread_cond_broadcast(&fleet->tried);
    pthread_mutex_unlock(&fleet->lock);
}

void *fleet_run(void *context)
{
    struct fleet *fleet = context;
    int64_t pause = PAUSE_MS;
    bool is_first = true;
    struct error error;
    for (;;) {
        drain(fleet->wake);
        if (is_stopped(fleet)) /* after that: an end wakes, too */
            break;
        if (fleet_return(fleet, &error)) {
            if (!is_first)
                fleet_say(fleet, "is back after %lld s, and knows what was counted meanwhile",
                          (long long)((redis_clock() - fleet->gone_since + 500) / 1000));
            first_try_is_over(fleet);
            is_first = false;
            int64_t began = redis_clock();
            serve(fleet);
            pause = redis_clock() - began >= STEADY_MS ? PAUSE_MS : pause;
        } else if (is_first) {
            is_first = false;
            fleet->gone_since = redis_clock();
            fleet->said_why = error;
            fleet_say(fleet,
                      "is not there: %s; until it is this host keeps to 1/%lld of the limits, and "
                      "adds later what it counted",
                      error.text, (long long)fleet->hosts);
            first_try_is_over(fleet);
        } else {
            say_why(fleet, &error);
        }
        if (fleet->silent > 0)
            pause = PAUSE_MS;
        pause_for(fleet, pause);
        pause = smaller(pause * 2, PAUSE_MAX_MS);
    }
    pthread_mutex_lock(&fleet->lock);
    fleet->has_ended = true;
    pthread_cond_broadcast(&fleet->tried);
    pthread_mutex_unlock(&fleet->lock);
    return NULL;
}
