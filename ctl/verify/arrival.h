/* Where what came out is looked for. */
#ifndef CTL_VERIFY_ARRIVAL_H
#define CTL_VERIFY_ARRIVAL_H

#include "ctl/verify/context.h"
#include "ctl/verify/sink.h"

/* The row "arrived" for a message that was sent. True: ret_text (in the arena) is it. sink: NULL
 * where there is none; begun: when the first probe was sent. */
bool arrival_wait(const struct context *context, struct sink *sink, time_t begun,
                  struct bytes *ret_text);

/* --message FILE: the row "arrived", the message and its token. */
bool arrival_read(const struct context *context, struct bytes *ret_text, struct bytes *ret_token);

#endif
