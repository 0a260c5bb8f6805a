/* The checks on what came out. */
#ifndef CTL_VERIFY_RECEIVED_H
#define CTL_VERIFY_RECEIVED_H

#include "ctl/verify/context.h"

/* The rows from "from" on. text: the whole message; token: the one it was sent with. */
void received_check(const struct context *context, struct bytes text, struct bytes token);

#endif
