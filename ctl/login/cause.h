/* Who changed a login's state, and why. */
#ifndef CTL_LOGIN_CAUSE_H
#define CTL_LOGIN_CAUSE_H

#include "limits/limits.h"

/* "by alice: TEXT", or "by alice" without (NULL). The user is whoever became root by sudo, else the
 * one who runs this: to be asked before root is given away. Text that would be cut, or that is no
 * single line of UTF-8, is an error. */
MUST_CHECK bool cause_write(const char *because, char ret_cause[LIMITS_CAUSE_MAX + 1],
                            struct error *error);

#endif
