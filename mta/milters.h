/* A list of milters as smtpd_milters and non_smtpd_milters have it. */
#ifndef MTA_MILTERS_H
#define MTA_MILTERS_H

#include "policy/arena.h"
#include "policy/error.h"

struct milter {
    const char *endpoint;       /* "unix:PATH" or "inet:HOST:PORT" */
    const char *default_action; /* its own; NULL: milter_default_action holds */
    const char *written;        /* the whole word, with its braces */
};

struct milters {
    const struct milter *items;
    size_t count;
};

/* value: expanded. All in the arena; false when memory is out. "none" and "" are no milters. */
bool milters_parse(struct arena *arena, const char *value, struct milters *ret_milters);

/* Whether an endpoint of Postfix's is the socket that submilter.conf names. A relative unix path is
 * below queue_directory, and an absolute one is too for a service in a chroot. */
bool milters_same_place(const char *endpoint, const char *queue_directory, bool chroot,
                        const char *socket);

#endif
