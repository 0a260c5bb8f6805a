/* The submilter.conf that setup proposes. */
#ifndef CTL_SETUP_CONF_TEXT_H
#define CTL_SETUP_CONF_TEXT_H

#include "policy/arena.h"
#include "policy/texts.h"

struct settings; /* conf/settings.h */

struct conf_text_listener {
    const char *name;
    const char *why;      /* a comment in front of it, or NULL */
    struct texts ports;   /* numbers as text */
    struct texts clients; /* networks */
    bool no_login;        /* only for sessions that have not logged in */
    const char *policy;
};

#define CONF_TEXT_LISTENERS 8

struct conf_text {
    const char *mta; /* "postfix": for the comment at the top */
    struct texts domains;
    struct texts authserv_ids;
    const char *socket;
    const char *socket_group; /* NULL: none is named */
    const char *user;
    struct conf_text_listener listeners[CONF_TEXT_LISTENERS];
    size_t listener_count;
    struct texts tables; /* senders.tables */
    const char *recipient_delimiter;
    bool asked;           /* the MTA asks submilter already */
    bool relays;          /* a listener has the policy "relay", which is then written too */
    bool signs;           /* false: somebody else does */
    const char *keys;     /* folder */
    const char *records;  /* file; "": none */
    const char *history;  /* file; "": none */
    const char *counters; /* counters.file; NULL: not set */
};

/* submilter.conf itself. NULL when memory is out. */
const char *conf_text_main(struct arena *arena, const struct conf_text *conf);

/* conf.d/observe.conf beside a submilter.conf: every rule that could refuse or hold mail back is
 * only watched. NULL when memory is out. */
const char *conf_text_observe(struct arena *arena, const char *mta,
                              const struct settings *settings);

#endif
