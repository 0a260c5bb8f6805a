/* Naming the settings of the MTA that was met. */
#include "ctl/verify/remedy.h"

#include "dkim/our_command.h"

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
    for (size_t i = 0; i < 2 && remedy->see[i]; i++)
        text = append(context, text, i ? "" : "see: ",
                      arena_printf(context->arena, "%s %s", our_command(), remedy->see[i]));
    if (context->server != SERVER_SENDMAIL)
        text = append(context, text, "Postfix: ", remedy->postfix);
    if (context->server != SERVER_POSTFIX)
        text = append(context, text, "Sendmail: ", remedy->sendmail);
    return text;
}

const char *remedy_or_no_answer(const struct context *context, const char *advice)
{
    const char *text = arena_printf(context->arena,
                                    "%s; a milter that does not answer shows like this, too: "
                                    "%s doctor",
                                    advice, our_command());
    return text ? text : advice;
}
