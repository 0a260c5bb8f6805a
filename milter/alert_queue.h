/* The alerts that wait to be told, or to be told again. Under the caller's lock, all of it. */
#ifndef MILTER_ALERT_QUEUE_H
#define MILTER_ALERT_QUEUE_H

#include "milter/alert_text.h"

#define ALERT_QUEUE_MAX 256

struct alert {
    struct alert *next;
    struct arena *arena; /* what text and key lie in */
    struct alert_text text;
    const char *key;
    int64_t pause; /* seconds for which key is claimed */
    int64_t due;   /* by clock_milliseconds */
    unsigned tries;
    bool claimed;           /* it is ours to tell */
    bool commanded, posted; /* told that way, or not asked for */
};

struct alert_queue {
    struct alert *first;
    size_t count;
    unsigned long lost; /* what did not fit; whoever says so sets it back */
};

/* Takes the alert over; false: it did not fit and is freed. */
bool alert_queue_add(struct alert_queue *queue, struct alert *alert);

/* The one that is due first, taken out; NULL: none is due by then. *ret_due: when the first one
 * is, INT64_MAX where there is none. */
struct alert *alert_queue_take(struct alert_queue *queue, int64_t now, int64_t *ret_due);

void alert_free(struct alert *alert);

#endif
