/* Naming the settings of the MTA that was met. */
#include "ctl/verify/remedy.h"

static const char *append(const struct context *context, const char *text, const char *mta,
                          const char *more)
{
    const char *between = *text ? "; " : "";
    const char *longer = NULL;
    if (more)
        longer = arena_printf(context->arena, "%s%s%s%s", text, between, mta, more);
    return longer ? longer : text;
}

const char *remedy_text(const struct context *context, const struct remedy *remedy)
{
    const char *text = append(context, "", "", remedy->general);
    if (context->server != SERVER_SENDMAIL)
        text = append(context, text, "Postfix: ", remedy->postfix);
    if (context->server != SERVER_POSTFIX)
        text = append(context, text, "Sendmail: ", remedy->sendmail);
    return text;
}
