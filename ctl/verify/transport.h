/* The checks on what the listener demands before anybody has logged in. */
#ifndef CTL_VERIFY_TRANSPORT_H
#define CTL_VERIFY_TRANSPORT_H

#include "ctl/verify/context.h"

enum transport_result {
    TRANSPORT_READY,       /* TLS stands: a password may be sent */
    TRANSPORT_UNREACHABLE, /* no server */
    TRANSPORT_UNSAFE,      /* no TLS, or with who knows whom */
};

/* server, clear-login, clear-mail, tls, old-tls and no-login. */
enum transport_result transport_check(struct context *context);

#endif
