/* What mends a thing, in the words of the server's own configuration. */
#ifndef CTL_VERIFY_REMEDY_H
#define CTL_VERIFY_REMEDY_H

#include "ctl/verify/context.h"

/* Any of them may be NULL. */
struct remedy {
    const char *general;
    const char *see[2]; /* commands of submilterctl's that show more */
    const char *postfix;
    const char *sendmail;
};

/* "general; see: submilterctl doctor; Postfix: ...", or Sendmail's, or both where the server does
 * not say what it is. In the arena. */
const char *remedy_text(const struct context *context, const struct remedy *remedy);

/* advice, and that it looks the same where the server's milter does not answer. In the arena. */
const char *remedy_or_no_answer(const struct context *context, const char *advice);

#endif
