/* Counting the readers behind one file lock. */

#include "tables/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define MILLISECOND 1000000LL
#define DRAIN_AFTER (20 * MILLISECOND)

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void pause_for(long long duration)
{
    nanosleep(&(struct timespec){duration / SECOND, duration % SECOND}, NULL);
}

bool gate_init(struct gate *gate, int fd)
{
    *gate = (struct gate){.fd = fd};
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes))
        return false;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ok = !pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!ok)
        return false;
    if (!pthread_mutex_init(&gate->mutex, NULL))
        return true;
    pthread_cond_destroy(&gate->changed);
    return false;
}

void gate_done(struct gate *gate)
{
    pthread_mutex_destroy(&gate->mutex);
    pthread_cond_destroy(&gate->changed);
}

static bool set_lock(const struct gate *gate, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    return !fcntl(gate->fd, F_OFD_SETLK, &lock);
}

/* Asked for again and again, as there is no waiting for a lock with a bound. A file system without
 * locks has no writers under locks either. */
static bool take_lock(const struct gate *gate, long long deadline)
{
    while (!set_lock(gate, F_RDLCK)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return errno == ENOLCK || errno == ENOTSUP;
        if (now() >= deadline)
            return false;
        pause_for(MILLISECOND);
    }
    return true;
}

/* With the mutex held. False: the deadline has passed. */
static bool wait_for_change(struct gate *gate, long long deadline)
{
    struct timespec until = {deadline / SECOND, deadline % SECOND};
    return pthread_cond_timedwait(&gate->changed, &gate->mutex, &until) != ETIMEDOUT;
}

/* With the mutex held, which is let go meanwhile. */
static bool take_lock_as_only_one(struct gate *gate, long long deadline)
{
    gate->state = GATE_TAKEN;
    pthread_mutex_unlock(&gate->mutex);
    bool locked = take_lock(gate, deadline);
    pthread_mutex_lock(&gate->mutex);
    return locked;
}

static void reopen(struct gate *gate)
{
    gate->state = GATE_OPEN;
    pthread_cond_broadcast(&gate->changed);
}

static bool enter(struct gate *gate, long long deadline)
{
    while (gate->state != GATE_OPEN || gate->readers) {
        if (gate->state == GATE_OPEN && now() - gate->opened < DRAIN_AFTER) {
            gate->readers++;
            return true;
        }
        if (gate->state == GATE_OPEN)
            gate->state = GATE_DRAINING;
        if (!wait_for_change(gate, deadline))
            return false;
    }
    bool locked = take_lock_as_only_one(gate, deadline);
    if (locked) {
        gate->readers = 1;
        gate->opened = now();
    }
    reopen(gate);
    return locked;
}

bool gate_enter(struct gate *gate)
{
    long long deadline = now() + GATE_WAIT_MS * MILLISECOND;
    pthread_mutex_lock(&gate->mutex);
    bool entered = enter(gate, deadline);
    pthread_mutex_unlock(&gate->mutex);
    return entered;
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    if (--gate->readers == 0) {
        set_lock(gate, F_UNLCK);
        if (gate->state == GATE_DRAINING) {
            pause_for(MILLISECOND); /* for the writer, who has to wake up first */
            gate->state = GATE_OPEN;
        }
        pthread_cond_broadcast(&gate->changed);
    }
    pthread_mutex_unlock(&gate->mutex);
}

static bool enter_alone(struct gate *gate, long long deadline)
{
    while (gate->state != GATE_OPEN || gate->readers) {
        if (gate->state == GATE_OPEN)
            gate->state = GATE_DRAINING;
        if (!wait_for_change(gate, deadline))
            return false;
    }
    if (take_lock_as_only_one(gate, deadline))
        return true;
    reopen(gate);
    return false;
}

bool gate_enter_alone(struct gate *gate)
{
    long long deadline = now() + GATE_WAIT_MS * MILLISECOND;
    pthread_mutex_lock(&gate->mutex);
    bool entered = enter_alone(gate, deadline);
    pthread_mutex_unlock(&gate->mutex);
    return entered;
}

void gate_leave_alone(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    set_lock(gate, F_UNLCK);
    reopen(gate);
    pthread_mutex_unlock(&gate->mutex);
}
