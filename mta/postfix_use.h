/* What a service of Postfix's is for, told by what it allows. */
#ifndef MTA_POSTFIX_USE_H
#define MTA_POSTFIX_USE_H

#include "mta/postfix.h"

enum postfix_use {
    POSTFIX_NO_SMTPD,
    POSTFIX_MX,          /* port 25, and others that anybody may talk to */
    POSTFIX_SUBMISSION,  /* 587, 465, TLS from the first byte, and others where users log in */
    POSTFIX_REINJECTION, /* only a content filter of this host talks to it */
};
enum postfix_use postfix_use_of(const struct postfix *postfix,
                                const struct postfix_service *service);

/* Its address is one that only this host reaches. */
bool postfix_is_on_loopback(const struct postfix_service *service);

/* Its receive_override_options have no_milters. */
bool postfix_asks_no_milters(const struct postfix *postfix, const struct postfix_service *service);

/* Whether smtpd_sasl_auth_enable holds there. */
bool postfix_takes_logins(const struct postfix *postfix, const struct postfix_service *service);

#endif
