/* What the files of the fleet's store share. */
#ifndef LIMITS_FLEET_PRIVATE_H
#define LIMITS_FLEET_PRIVATE_H

#include <pthread.h>
#include <time.h>

#include "limits/fleet.h"
#include "limits/fleet_command.h"

#define FLEET_BEAT_MS 5000
#define FLEET_BEAT_LIVES "15" /* seconds */
#define FLEET_LINE_MAX 20000  /* requests that may wait at once; the next is answered alone */
#define FLEET_RAISES_MAX 1000
#define FLEET_DOUBTS_MAX 2000
#define FLEET_WORD 32 /* hexadecimal digits of a word that names this process, or Redis's data */

enum fleet_kind {
    FLEET_WORK_REQUEST,
    FLEET_WORK_CLAIM,
    FLEET_WORK_ERRAND,
    FLEET_WORK_SETTLE, /* is sent again where Redis may not have done it */
    FLEET_WORK_BEAT
};

/* Something for Redis to do. */
struct fleet_work {
    struct fleet_work *next;
    enum fleet_kind kind;
    enum limits_op op; /* of a request */
    struct fleet_order order;
    uint64_t sequence;
    int64_t since; /* redis_clock */
    /* Under the lock: */
    bool done; /* reply, or NULL where it failed */
    bool left; /* nobody comes for it any more: whoever sees that last frees it */
    struct redisReply *reply;
    pthread_cond_t came;
};

struct fleet_line {
    struct fleet_work *first, **last;
    size_t count;
};

/* A message that was judged here, and perhaps counted in Redis before that fell silent. */
struct fleet_doubt {
    struct fleet_doubt *next;
    uint64_t sequence;
    int64_t now, amounts[QUANTITY_COUNT];
    struct bytes names[SUBJECT_COUNT]; /* in text */
    char text[];
};

/* A standing that Redis has not heard of. */
struct fleet_raise {
    struct fleet_raise *next;
    struct login_standing standing;
    struct bytes login;
    char text[]; /* login, cause */
};

/* How often something is said. */
struct fleet_often {
    int64_t since; /* redis_clock: when the hour began in which ... */
    int64_t times; /* ... it was said so often */
};

struct fleet {
    char *address, *password_file, *name;
    void (*say)(const char *text);
    struct embedded *own;
    char instance[FLEET_WORD + 1];
    char member[2 * FLEET_WORD + 2]; /* instance and the secret's fingerprint */
    struct fleet_keys keys;
    struct fleet_shas shas;
    int wake; /* eventfd */
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t tried; /* the first attempt to reach Redis is over, or the thread */
    bool has_tried, stop, has_ended, has_joined;
    bool usable;              /* the circuit is closed */
    struct error why;         /* ... or was broken by that */
    uint64_t epoch, sequence; /* of the connection; of what is counted */
    int64_t offset;           /* Redis's clock is that many milliseconds ahead */
    int64_t hosts;            /* that were there last time; at least 1 */
    struct fleet_line line;   /* not sent yet */
    struct fleet_doubt *doubts;
    struct fleet_raise *raises; /* the last one first */
    size_t doubt_count, raise_count;

    /* The thread's own. */
    struct redis *redis;
    struct fleet_line flying;    /* sent, in the order of their answers */
    struct fleet_line unsettled; /* FLEET_WORK_SETTLE that may not have reached Redis */
    char born[FLEET_WORD + 1];   /* Redis's data; "": not seen yet */
    char denied[2001];           /* sequences that were not counted, 20 digits each */
    int64_t gone_since;          /* redis_clock; 0: it never was */
    int64_t silent; /* hosts that were not heard of since then: what they counted is not there */
    bool said_secret, said_clock;
    int64_t said_hosts; /* 0: not yet */
    struct fleet_often often_hosts, often_why;
    struct error said_why; /* it is not there */
};

/* fleet_line.c: works in a row. */
struct timespec fleet_time_of(int64_t milliseconds);     /* of redis_clock */
struct fleet_work *fleet_work_new(enum fleet_kind kind); /* NULL: no memory */
void fleet_work_free(struct fleet_work *work);
void fleet_line_init(struct fleet_line *line);
void fleet_line_put(struct fleet_line *line, struct fleet_work *work);
struct fleet_work *fleet_line_take(struct fleet_line *line); /* NULL: it is empty */

/* Gives it its epoch and sequence and puts it in line. Takes the work. False: the circuit is broken
 * or the line too long, and the work stays the caller's. */
bool fleet_put(struct fleet *fleet, struct fleet_work *work);

/* With the lock held: nobody waits for Redis from now on. */
void fleet_break(struct fleet *fleet, const char *why);

/* Says it once, with "counters: " and the address in front. */
void fleet_say(const struct fleet *fleet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* fleet_later.c: for when Redis is back; bounded. */
void fleet_doubt(struct fleet *fleet, const struct limits_request *request, uint64_t sequence);
void fleet_raise_later(struct fleet *fleet, struct bytes login,
                       const struct login_standing *standing);

/* What was raised up to then (seconds): an admin has spoken since. login: as embedded_name has it.
 */
void fleet_raise_forget(struct fleet *fleet, struct bytes login, int64_t since);

struct fleet_raise *fleet_raise_take(struct fleet *fleet); /* to be freed; NULL: none */
/* One that was taken: the next to be. It needs no memory. */
void fleet_raise_put_back(struct fleet *fleet, struct fleet_raise *raise);
/* In line. False: as fleet_put has it, or no memory. */
MUST_CHECK bool fleet_raise_put(struct fleet *fleet, struct bytes login,
                                const struct login_standing *standing);
/* At once, or later. */
void fleet_tell_raise(struct fleet *fleet, struct bytes login,
                      const struct login_standing *standing);

/* fleet_settle.c, in the thread: puts into fleet->unsettled ... */
/* ... what this host counted while it was alone; */
void fleet_gather_unseen(struct fleet *fleet);
/* ... what Redis counted too, up to that sequence, to be taken back; */
void fleet_gather_doubts(struct fleet *fleet, uint64_t last);
/* ... all that this host counted and has in memory: Redis has lost it. Standings as well. weight:
 * so often was counted what was counted alone. */
void fleet_gather_all(struct fleet *fleet, int64_t weight);

/* fleet_thread.c */
void *fleet_run(void *fleet);

/* fleet_return.c, in the thread: from nothing to a connection that knows all that this host knows.
 * False: not yet. */
MUST_CHECK bool fleet_return(struct fleet *fleet, struct error *error);
/* In the thread, with nothing under way. patience: milliseconds. *ret_reply: the caller's; NULL
 * when it failed. */
MUST_CHECK bool fleet_call(struct fleet *fleet, const struct redis_command *command,
                           int64_t patience, struct redisReply **ret_reply, struct error *error);

/* What is still to be added, as works in line. */
void fleet_settle_rest(struct fleet *fleet);

/* fleet_words.c, in the thread, with nothing under way: what an admin said on this host alone.
 * patience: milliseconds for each. */
MUST_CHECK bool fleet_tell_words(struct fleet *fleet, int64_t patience, struct error *error);

/* fleet_beat.c, in the thread. */
MUST_CHECK bool fleet_beat_command(struct fleet *fleet, struct redis_command *ret_command);
/* *ret_last: the last sequence of this host that was counted. *ret_lost: what Redis knew is gone.
 */
MUST_CHECK bool fleet_beat_read(struct fleet *fleet, const struct redisReply *reply,
                                uint64_t *ret_last, bool *ret_lost, struct error *error);
void fleet_state_read(struct fleet *fleet);

/* Whether something may be said once more this hour. */
bool fleet_may_say(struct fleet_often *often);

/* Says how many hosts share, where that has changed; some times an hour at most. */
void fleet_say_hosts(struct fleet *fleet);

/* The process ends and Redis knows all of it: nobody keeps a share for it any more. */
void fleet_leave(struct fleet *fleet);

#endif
