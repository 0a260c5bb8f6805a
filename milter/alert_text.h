/* An alert in words, for people and for programs. */
#ifndef MILTER_ALERT_TEXT_H
#define MILTER_ALERT_TEXT_H

#include "milter/alert_cause.h"

#define ALERT_WORDS 3

/* All of it printable, on one line each but for the text in json, and in the arena. */
struct alert_text {
    const char *title;            /* "alice@example.com slowed: many_networks.hour" */
    char *words[ALERT_WORDS + 1]; /* "event=slowed" "who=..." "cause=...", NULL: for argv; none of
                                     them begins with a dash, whatever a client is called */
    struct bytes json;            /* one object, title and text in it */
};

/* host: who tells. False when memory is out. */
MUST_CHECK bool alert_text_write(const struct message *message, const struct alert_cause *cause,
                                 struct bytes queue_id, struct bytes host, struct arena *arena,
                                 struct alert_text *ret_text);

#endif
