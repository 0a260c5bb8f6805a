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
    *ret_session = NULL;
    if (context->silent) {
        error_set(error, "the server has fallen silent before, and is not asked again");
        return SESSION_SILENT;
    }
    enum session_result result = session_open(&way, ret_session, &context->facts, error);
    /* A packet filter may well swallow old TLS and nothing else. */
    context->silent = result == SESSION_SILENT && !old_tls;
    if (context->facts.says_sendmail)
        context->server = SERVER_SENDMAIL;
    else if (context->facts.says_postfix)
        context->server = SERVER_POSTFIX;
    return result;
}

static bool has_utf8(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7f)
            return true;
    return false;
}

bool conversation_command(struct context *context, struct session *session, const char *line,
                          struct smtp_reply *ret_reply, struct error *error)
{
    bool answered = session_command(session, line, ret_reply, error);
    context->silent = context->silent || session_fell_silent(session);
    return answered;
}

/* RFC 6531: SMTPUTF8 where an address of ours has such a local part. */
static bool say_mail(struct context *context, struct session *session, const char *sender,
                     struct smtp_reply *ret_reply, struct error *error)
{
    char line[600];
    bool utf8 = context->facts.smtputf8 && (has_utf8(sender) || has_utf8(context->options->to));
    snprintf(line, sizeof line, "MAIL FROM:<%s>%s", sender, utf8 ? " SMTPUTF8" : "");
    return conversation_command(context, session, line, ret_reply, error);
}

static bool say_rcpt(struct context *context, struct session *session, const char *recipient,
                     struct smtp_reply *ret_reply, struct error *error)
{
    char line[600];
    snprintf(line, sizeof line, "RCPT TO:<%s>", recipient);
    return conversation_command(context, session, line, ret_reply, error);
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
    return say_rcpt(context, session, recipient, ret_reply, error);
}

bool conversation_message(struct context *context, struct session *session, const char *recipient,
                          const char *message, const char **ret_stage, struct smtp_reply *ret_reply,
                          struct error *error)
{
    if (!conversation_envelope(context, session, context->options->address, recipient, ret_stage,
                               ret_reply, error))
        return false;
    if (smtp_reply_positive(ret_reply)) {
        *ret_stage = "DATA";
        if (!conversation_command(context, session, "DATA", ret_reply, error))
            return false;
    }
    if (ret_reply->code != 354)
        return true;
    *ret_stage = STAGE_WHOLE_MESSAGE;
    bool answered = session_message(session, bytes_of(message), ret_reply, error);
    context->sent += answered && ret_reply->code == 250;
    context->silent = context->silent || session_fell_silent(session);
    return answered;
}
