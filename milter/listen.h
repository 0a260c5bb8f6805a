/* The socket that the MTA connects to. */
#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

#include <sys/socket.h>
#include <sys/un.h>

#include "conf/settings.h"

struct listening {
    int fd;
    char spec[160]; /* its address, in the words of settings->socket */
    char path[108]; /* of a unix socket that is ours to remove; "" otherwise */
    dev_t device;   /* and these two are what stands there, if it is still ours */
    ino_t inode;
    struct sockaddr_storage address; /* where it can be reached */
    socklen_t address_len;
    bool lent; /* whoever handed it to us keeps it open: what comes when we don't accept waits */
};

/* Opens settings->socket: unix:, local:, inet:, inet6:, fd:N. A unix socket appears at its path
 * with its mode and group already set; one that a live process listens on is never taken over, a
 * stale one is replaced. */
MUST_CHECK bool listen_open(const struct settings *settings, struct listening *ret_listening,
                            struct error *error);

/* Whether a process listens there, as far as can be told: one that may not be asked counts. */
bool listen_is_live(const struct sockaddr_un *address);

/* Removes the path, if it is still our socket that stands there. */
void listen_remove(const struct listening *listening);

#endif
