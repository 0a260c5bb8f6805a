/* The checks on what somebody who has logged in may do. */
#ifndef CTL_VERIFY_SPOOFS_H
#define CTL_VERIFY_SPOOFS_H

#include "ctl/verify/context.h"

/* login to accepted. True: the allowed message is on its way. Wipes the password. */
bool spoofs_check(struct context *context);

#endif
