/* The socket that the MTA connects to. */
#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

#include "conf/settings.h"

struct listening {
    int fd;
    char path[108]; /* of a unix socket that we made; "" otherwise */
    unsigned long long inode;
};

/* Opens settings->socket: unix:, local:, inet:, inet6:, fd:N. A unix socket appears at its path
 * with its mode and group already set; one that a live process listens on is never taken over, a
 * stale one is replaced. */
MUST_CHECK bool listen_open(const struct settings *settings, struct listening *ret_listening,
                            struct error *error);

/* Removes the path, if it is still our socket that stands there. */
void listen_remove(const struct listening *listening);

#endif
