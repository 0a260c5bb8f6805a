/* TLS and login are demanded. */
#include "ctl/verify/transport.h"

#include <string.h>

#include "ctl/verify/conversation.h"
#include "ctl/verify/refusal.h"

#define NOT_ASKED                                                                                  \
    {                                                                                              \
        "is submilter asked here at all?", {"doctor"},                                             \
            "smtpd_milters of this service in master.cf",                                          \
            "INPUT_MAIL_FILTER, and InputMailFilters in this port's DAEMON_OPTIONS"                \
    }

static const enum rule_id tls_rule[] = {RULE_tls, RULE_auth};
static const enum rule_id auth_rule[] = {RULE_auth};

static void judge_envelope(struct context *context, struct session *session,
                           const struct refusal *refusal)
{
    const struct verify_options *options = context->options;
    struct smtp_reply reply;
    struct error error;
    const char *stage;
    if (conversation_envelope(context, session, options->address, options->to, &stage, &reply,
                              &error))
        refusal_judge(context, refusal, stage, &reply);
    else if (smtp_reply_permanent(&reply)) /* and closed the connection on it */
        refusal_judge(context, refusal, stage, &reply);
    else
        checklist_fail(context->list, refusal->check, "see the mail log", "at %s: %s", stage,
                       error.text);
}

/* Never a real password: "\0submilterctl-verify\0made-up". */
#define MADE_UP_LOGIN "AUTH PLAIN AHN1Ym1pbHRlcmN0bC12ZXJpZnkAbWFkZS11cA=="

/* Mechanisms by which a client shows that it knows the password, and does not send it. With "p"
 * Sendmail goes on to offer these. */
static bool is_challenge(struct bytes mechanism)
{
    static const struct bytes known[] = {
        BYTES("CRAM-MD5"), BYTES("DIGEST-MD5"), BYTES("SCRAM-"), BYTES("GSSAPI"), BYTES("GS2-"),
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_start_with_nocase(mechanism, known[i]))
            return true;
    return false;
}

static bool only_challenges(struct bytes mechanisms)
{
    while (mechanisms.len) {
        size_t end = bytes_find(mechanisms, ' ');
        if (end && !is_challenge(bytes_slice(mechanisms, 0, end)))
            return false;
        mechanisms = bytes_slice(mechanisms, end + 1, mechanisms.len);
    }
    return true;
}

static void check_clear_login(struct context *context, struct session *session)
{
    static const struct remedy remedy = {NULL,
                                         {NULL},
                                         "smtpd_tls_auth_only = yes",
                                         "confAUTH_OPTIONS with p, and PLAIN and LOGIN alone in "
                                         "confAUTH_MECHANISMS for none at all"};
    const char *do_this = remedy_text(context, &remedy);
    const char *offered = context->facts.auth;
    struct smtp_reply reply;
    struct error error;
    if (offered[0] && !only_challenges(bytes_of(offered)))
        checklist_fail(context->list, CHECK_CLEAR_LOGIN, do_this, "AUTH is offered without TLS: %s",
                       offered);
    else if (!conversation_command(context, session, MADE_UP_LOGIN, &reply, &error))
        checklist_fail(context->list, CHECK_CLEAR_LOGIN, "see the mail log", "at AUTH: %s",
                       error.text);
    else if (smtp_reply_permanent(&reply) && reply.code != 535)
        checklist_pass(context->list, CHECK_CLEAR_LOGIN, "not offered%s%s, and refused: %s",
                       offered[0] ? " but by mechanisms that do not show the password: " : "",
                       offered, reply.text);
    else if (reply.code / 100 == 4)
        checklist_fail(context->list, CHECK_CLEAR_LOGIN,
                       remedy_or_no_answer(context, "see the mail log"),
                       "AUTH without TLS is refused for now only: %s", reply.text);
    else
        checklist_fail(context->list, CHECK_CLEAR_LOGIN, do_this,
                       "AUTH is not offered without TLS, and yet looked at: %s", reply.text);
}

static enum transport_result unreachable(struct context *context, const struct error *error)
{
    const struct verify_options *options = context->options;
    checklist_fail(context->list, CHECK_SERVER,
                   "is this its name and port (--server HOST:PORT), does it run, does a firewall "
                   "stand before it?",
                   "%s:%ld: %s", options->connect ? options->connect : options->host, options->port,
                   error->text);
    return TRANSPORT_UNREACHABLE;
}

static void greeted(struct context *context)
{
    checklist_pass(context->list, CHECK_SERVER, "%s", context->facts.greeting.text);
}

static enum transport_result check_clear(struct context *context)
{
    static const struct refusal refusal = {
        .check = CHECK_CLEAR_MAIL, .rules = tls_rule, .rule_count = 2, .remedy = NOT_ASKED};
    struct session *session;
    struct error error;
    if (conversation_open(context, SESSION_CLEAR, false, false, &session, &error) != SESSION_OPEN)
        return unreachable(context, &error);
    greeted(context);
    check_clear_login(context, session);
    session_close(session);
    if (conversation_open(context, SESSION_CLEAR, false, false, &session, &error) != SESSION_OPEN)
        return unreachable(context, &error);
    judge_envelope(context, session, &refusal);
    session_close(session);
    return TRANSPORT_READY;
}

static void skip_clear(struct context *context)
{
    static const char why[] = "on this port TLS comes with the first byte";
    checklist_skip(context->list, CHECK_CLEAR_LOGIN, "%s", why);
    checklist_skip(context->list, CHECK_CLEAR_MAIL, "%s", why);
}

static enum transport_result tls_failed(struct context *context, enum session_result result,
                                        const struct error *error)
{
    static const struct remedy not_offered = {
        NULL,
        {NULL},
        "smtpd_tls_security_level = encrypt (may on port 25), smtpd_tls_cert_file and "
        "smtpd_tls_key_file",
        "confSERVER_CERT and confSERVER_KEY, in folders that only root may write to; no M=S in "
        "this port's DAEMON_OPTIONS"};
    const struct verify_options *options = context->options;
    if (result == SESSION_NO_TLS && context->facts.starttls)
        checklist_fail(context->list, CHECK_TLS, remedy_or_no_answer(context, "see the mail log"),
                       "STARTTLS is offered, and refused: %s", context->facts.last.text);
    else if (result == SESSION_NO_TLS)
        checklist_fail(context->list, CHECK_TLS, remedy_text(context, &not_offered),
                       "STARTTLS is not offered: %s", error->text);
    else if (result == SESSION_BAD_CERTIFICATE)
        checklist_fail(context->list, CHECK_TLS,
                       "give --server the name that your users' programs have (with --connect "
                       "127.0.0.1 it is still this host that is asked), --ca for an authority of "
                       "your own, or renew the certificate; --insecure passes over it",
                       "the certificate does not hold for %s: %s", options->host, error->text);
    else
        checklist_fail(context->list, CHECK_TLS,
                       remedy_or_no_answer(context,
                                           "are certificate and key readable and of one pair, is "
                                           "this a port for --tls starttls or for --tls implicit? "
                                           "See the mail log"),
                       "%s", error->text);
    return TRANSPORT_UNSAFE;
}

static enum session_tls tls_of(const struct context *context)
{
    return context->options->implicit_tls ? SESSION_IMPLICIT : SESSION_STARTTLS;
}

/* Whether it is this side that has no TLS 1.0 and 1.1. */
static bool cannot_offer(enum session_result result, const struct error *error)
{
    return result == SESSION_FAULT || strstr(error->text, "no protocols available") ||
           strstr(error->text, "no ciphers available");
}

/* No login follows: a password is not for such a session. So what is refused there for want of a
 * login is no proof that old TLS is. */
static void judge_old_tls(struct context *context, struct session *session)
{
    static const struct remedy remedy = {
        "submilter.conf: tls.mode = \"enforce\", tls.min_version = \"TLSv1.2\"",
        {NULL},
        "smtpd_tls_protocols = smtpd_tls_mandatory_protocols = >=TLSv1.2",
        "confSERVER_SSL_OPTIONS with +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1"};
    const struct verify_options *options = context->options;
    const char *idle = refusal_not_enforced(context, RULE_tls, false), *stage;
    struct smtp_reply reply = {0};
    struct error error = {"out of memory"};
    (void)!conversation_envelope(context, session, options->address, options->to, &stage, &reply,
                                 &error);
    struct bytes mark = smtp_reply_mark(&reply);
    if (!smtp_reply_positive(&reply) && bytes_start_with_nocase(mark, BYTES("tls.")))
        checklist_pass(context->list, CHECK_OLD_TLS, "submilter refused %s: %s", stage, reply.text);
    else
        checklist_fail(context->list, CHECK_OLD_TLS, remedy_text(context, &remedy),
                       "the handshake succeeds, and nothing refuses mail for it%s%s: %s",
                       idle ? "; " : "", idle ? idle : "", reply.code ? reply.text : error.text);
}

static void check_old_tls(struct context *context)
{
    struct session_facts modern = context->facts;
    struct session *session;
    struct error error = {""};
    enum session_result result =
        conversation_open(context, tls_of(context), true, false, &session, &error);
    if (result == SESSION_OPEN)
        judge_old_tls(context, session);
    else if (cannot_offer(result, &error))
        checklist_skip(context->list, CHECK_OLD_TLS, "this host's OpenSSL cannot offer it: %s",
                       error.text);
    else
        checklist_pass(context->list, CHECK_OLD_TLS, "TLS 1.0 and 1.1 are refused: %s", error.text);
    session_close(session);
    context->facts = modern;
}

static void said_tls(struct context *context)
{
    const struct verify_options *options = context->options;
    const char *how = options->implicit_tls ? "TLS from the first byte" : "STARTTLS";
    if (options->insecure)
        checklist_pass(context->list, CHECK_TLS,
                       "%s; the certificate was not looked at (--insecure)", how);
    else
        checklist_pass(context->list, CHECK_TLS, "%s; the certificate holds for %s", how,
                       options->host);
}

enum transport_result transport_check(struct context *context)
{
    static const struct refusal refusal = {
        .check = CHECK_NO_LOGIN, .rules = auth_rule, .rule_count = 1, .remedy = NOT_ASKED};
    struct session *session;
    struct error error = {""};
    bool implicit = context->options->implicit_tls;
    if (!implicit && check_clear(context) != TRANSPORT_READY)
        return TRANSPORT_UNREACHABLE;
    enum session_result result =
        conversation_open(context, tls_of(context), false, false, &session, &error);
    if (implicit && !context->facts.greeting.code &&
        (result == SESSION_UNREACHABLE || result == SESSION_SILENT))
        return unreachable(context, &error);
    if (implicit && context->facts.greeting.code)
        greeted(context);
    if (implicit)
        skip_clear(context);
    if (result != SESSION_OPEN)
        return tls_failed(context, result, &error);
    said_tls(context);
    check_old_tls(context);
    judge_envelope(context, session, &refusal);
    session_close(session);
    return TRANSPORT_READY;
}
