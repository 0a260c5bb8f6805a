/* Whether a decision is one that an admin is to be told of, and what it turned on. */
#ifndef MILTER_ALERT_CAUSE_H
#define MILTER_ALERT_CAUSE_H

#include "gate/message.h"

enum alert_event {
    ALERT_NONE,
    ALERT_CONTAINED, /* an enforced sign took the login to a state */
    ALERT_HELD,      /* an admin had taken the login there, and its mail is held back */
    ALERT_LIMITED,   /* an enforced limit held mail back */
};

struct alert_cause {
    enum alert_event event;
    enum rule_id rule;         /* that says so; RULE_COUNT where it is not known any more */
    enum subject_kind subject; /* what is counted, for LIMITED; else the login */
    struct bytes who;          /* its name: client's bytes */
    struct bytes cause;        /* "many_networks.hour", "by root: phished"; in the arena given */
};

/* ALERT_NONE costs nothing. Bytes are borrowed from the message and the arena. */
void alert_cause_find(const struct message *message, struct arena *arena,
                      struct alert_cause *ret_cause);

/* What is told once in a while only: who and why. NULL when memory is out. */
const char *alert_cause_key(const struct message *message, const struct alert_cause *cause,
                            struct arena *arena);

/* Seconds for which the key holds, of alerts.every: what an admin did himself he needs not hear
 * every hour. */
int64_t alert_cause_pause(const struct alert_cause *cause, int64_t every);

#endif
