/* MAIL, RCPT, DATA. */
#include "ctl/verify/conversation.h"

#include <stdio.h>

enum session_result conversation_open(struct context *context, enum session_tls tls, bool old_tls,
                                      bool login, struct session **ret_session, struct error *error)
{
    const struct verify_options *options = context->options;
    const struct session_way way = {
        .host = options->host,
        .port = options->port,
        .connect = options->connect,
        .tls = tls,
        .old_tls = old_tls,
        .ca = options->ca,
        .insecure = options->insecure,
        .login = login ? options->login : NULL,
        .password = context->password.text,
        .mechanism = options->mechanism,
        .timeout = options->timeout,
    };
    return session_open(&way, ret_session, &context->facts, error);
}

static bool has_utf8(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7f)
            return true;
    return false;
}

/* RFC 6531: SMTPUTF8 where an address of ours has such a local part. */
static bool say_mail(const struct context *context, struct session *session, const char *sender,
                     struct smtp_reply *ret_reply, struct error *error)
{
    char line[600];
    bool utf8 = context->facts.smtputf8 && (has_utf8(sender) || has_utf8(context->options->to));
    snprintf(line, sizeof line, "MAIL FROM:<%s>%s", sender, utf8 ? " SMTPUTF8" : "");
    return session_command(session, line, ret_reply, error);
}

static bool say_rcpt(struct session *session, const char *recipient, struct smtp_reply *ret_reply,
                     struct error *error)
{
    char line[600];
    snprintf(line, sizeof line, "RCPT TO:<%s>", recipient);
    return session_command(session, line, ret_reply, error);
}

bool conversation_envelope(struct context *context, struct session *session, const char *sender,
                           const char *recipient, const char **ret_stage,
                           struct smtp_reply *ret_reply, struct error *error)
{
    *ret_stage = "MAIL";
    if (!say_mail(context, session, sender, ret_reply, error))
        return false;
    if (!smtp_reply_positive(ret_reply))
        return true;
    *ret_stage = "RCPT";
    return say_rcpt(session, recipient, ret_reply, error);
}

bool conversation_message(struct context *context, struct session *session, const char *message,
                          const char **ret_stage, struct smtp_reply *ret_reply, struct error *error)
{
    const struct verify_options *options = context->options;
    if (!conversation_envelope(context, session, options->address, options->to, ret_stage,
                               ret_reply, error))
        return false;
    if (smtp_reply_positive(ret_reply)) {
        *ret_stage = "DATA";
        if (!session_command(session, "DATA", ret_reply, error))
            return false;
    }
    if (ret_reply->code != 354)
        return true;
    *ret_stage = STAGE_WHOLE_MESSAGE;
    return session_message(session, bytes_of(message), ret_reply, error);
}
