/* The .mc file that Sendmail's configuration is made from: which macros are called in it, and
 * where.
 *
 * m4 itself is not imitated: what stands inside quotes, in included files or behind conditions is
 * not looked into. What holds in the end is read from the .cf (mta/sendmail_cf.h). */
#ifndef MTA_SENDMAIL_MC_H
#define MTA_SENDMAIL_MC_H

#include "policy/arena.h"
#include "policy/error.h"
#include "policy/texts.h"

struct mc_call {
    const char *name;       /* "INPUT_MAIL_FILTER", "define", "MAILER_DEFINITIONS" */
    struct texts arguments; /* one level of `quotes' taken off, leading blanks too */
    size_t begin;           /* of its name in the text */
    size_t end;             /* behind its closing parenthesis, or behind its name */
    size_t line;            /* counted from 1 */
};

struct sendmail_mc {
    const char *path;
    struct bytes text;
    struct mc_call *calls; /* in the order in which they stand; comments (dnl, #) left out */
    size_t count;
};

/* All in the arena. False when memory is out. A quote or parenthesis that is never closed ends with
 * the text. */
bool sendmail_mc_parse(struct arena *arena, struct bytes text, struct sendmail_mc *ret_mc);

MUST_CHECK bool sendmail_mc_read(struct arena *arena, const char *path, struct sendmail_mc *ret_mc,
                                 struct error *error);

/* The last call of that name whose first argument is that one (NULL: any); NULL for none. */
const struct mc_call *sendmail_mc_last(const struct sendmail_mc *mc, const char *name,
                                       const char *first);

/* The first one. */
const struct mc_call *sendmail_mc_first(const struct sendmail_mc *mc, const char *name,
                                        const char *first);

/* An argument's text; "" where the call has fewer. */
const char *mc_call_argument(const struct mc_call *call, size_t number);

#endif
