/* The way into a file that others write under fcntl(2) locks, as Postfix's lmdb: tables are.
 *
 * Any number of threads may be inside at once; the shared lock is taken by the first and given back
 * by the last. It is an open file description's lock: a process-wide one would be lost as soon as
 * any other descriptor of the file is closed, as on every reload. So that a stream of readers never
 * keeps a writer out for long, the gate closes now and then until all are outside.
 *
 * Nobody waits longer than GATE_WAIT_MS. */
#ifndef TABLES_GATE_H
#define TABLES_GATE_H

#include <pthread.h>
#include <stdbool.h>

#define GATE_WAIT_MS 1000

enum gate_state {
    GATE_OPEN,
    GATE_DRAINING, /* who is inside goes on, nobody enters until all are outside */
    GATE_TAKEN,    /* one thread is asking for the lock, or is alone inside */
};

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int fd;
    enum gate_state state;
    unsigned readers;
    long long opened; /* when the first of them entered, in ns */
};

/* fd: borrowed, outlives the gate, not shared with any other gate. False: no memory. */
bool gate_init(struct gate *gate, int fd);
void gate_done(struct gate *gate);

/* False when it took too long: some other process holds its lock. */
bool gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* The same for one that no other thread may be beside. */
bool gate_enter_alone(struct gate *gate);
void gate_leave_alone(struct gate *gate);

#endif
