/* A login may use its own addresses and no others. */
#include "ctl/verify/spoofs.h"

#include <string.h>

#include "ctl/verify/conversation.h"
#include "ctl/verify/probe_message.h"
#include "ctl/verify/refusal.h"
#include "dkim/our_command.h"

#define NOT_ASKED                                                                                  \
    {                                                                                              \
        "is submilter asked here at all, and does the login match another row of the senders?",    \
            {"doctor", "test --login NAME"}, "smtpd_milters of this service",                      \
            "INPUT_MAIL_FILTER, and InputMailFilters in this port's DAEMON_OPTIONS"                \
    }

struct spoofs {
    struct context *context;
    struct session *session; /* NULL: not open (any more) */
    const char *spoof;
    const char *recipient; /* of what must be refused */
    const char *authserv;
};

static enum session_result log_in(struct spoofs *spoofs, struct error *error)
{
    struct context *context = spoofs->context;
    enum session_tls tls = context->options->implicit_tls ? SESSION_IMPLICIT : SESSION_STARTTLS;
    return conversation_open(context, tls, false, true, &spoofs->session, error);
}

static void hang_up(struct spoofs *spoofs)
{
    session_close(spoofs->session);
    spoofs->session = NULL;
}

static bool check_login(struct spoofs *spoofs)
{
    static const struct remedy not_offered = {
        "or name another --mechanism",
        {NULL},
        "smtpd_sasl_auth_enable, smtpd_sasl_type, smtpd_sasl_path",
        "confAUTH_MECHANISMS and TRUST_AUTH_MECH, what Sendmail.conf of SASL says, no M=A in this "
        "port's DAEMON_OPTIONS"};
    struct context *context = spoofs->context;
    const struct session_facts *facts = &context->facts;
    struct error error = {""};
    enum session_result result = log_in(spoofs, &error);
    if (result == SESSION_OPEN)
        checklist_pass(context->list, CHECK_LOGIN, "%s: %s", context->options->login,
                       facts->last.text);
    else if (result == SESSION_NO_LOGIN)
        checklist_fail(context->list, CHECK_LOGIN, remedy_text(context, &not_offered), "%s",
                       error.text);
    else if (result == SESSION_LOGIN_REFUSED && !smtp_reply_permanent(&facts->last))
        checklist_fail(context->list, CHECK_LOGIN,
                       remedy_or_no_answer(context, "does the server that checks passwords run "
                                                    "(Dovecot, saslauthd)?"),
                       "refused for now only: %s", facts->last.text);
    else if (result == SESSION_LOGIN_REFUSED)
        checklist_fail(context->list, CHECK_LOGIN,
                       "are --login and the password right? See the mail log and the log of what "
                       "checks passwords (Dovecot, saslauthd)",
                       "%s: %s", context->options->login, facts->last.text);
    else
        checklist_fail(context->list, CHECK_LOGIN, "see the mail log", "%s: %s",
                       context->options->login, error.text);
    return result == SESSION_OPEN;
}

/* The first probe uses the session by which the login was checked. */
static bool ready(struct spoofs *spoofs, struct error *error)
{
    return spoofs->session || log_in(spoofs, error) == SESSION_OPEN;
}

static void judge(struct spoofs *spoofs, const struct refusal *refusal, bool answered,
                  const char *stage, const struct smtp_reply *reply, const struct error *error)
{
    if (answered || smtp_reply_permanent(reply))
        refusal_judge(spoofs->context, refusal, stage, reply);
    else
        checklist_fail(spoofs->context->list, refusal->check, "see the mail log", "at %s: %s",
                       stage, error->text);
}

static void check_envelope(struct spoofs *spoofs)
{
    static const enum rule_id rule[] = {RULE_envelope};
    static const struct refusal refusal = {.check = CHECK_SPOOFED_SENDER,
                                           .rules = rule,
                                           .rule_count = 1,
                                           .logged_in = true,
                                           .remedy = NOT_ASKED};
    struct context *context = spoofs->context;
    const char *stage = "the login";
    struct smtp_reply reply = {0};
    struct error error = {""};
    bool answered =
        ready(spoofs, &error) && conversation_envelope(context, spoofs->session, spoofs->spoof,
                                                       spoofs->recipient, &stage, &reply, &error);
    judge(spoofs, &refusal, answered, stage, &reply, &error);
    hang_up(spoofs);
}

/* The own envelope must be taken: else it was not the content that was refused. */
static void check_content(struct spoofs *spoofs, enum probe_kind kind,
                          const struct refusal *refusal)
{
    struct context *context = spoofs->context;
    const struct probe probe = {
        .kind = kind,
        .token = context->token,
        .from = context->options->address,
        .to = spoofs->recipient,
        .spoof = spoofs->spoof,
        .authserv = kind == PROBE_FORGED_TRUST ? spoofs->authserv : NULL,
    };
    const char *stage = "the login", *text = probe_message(&probe, context->arena);
    struct smtp_reply reply = {0};
    struct error error = {"out of memory"};
    bool answered = text && ready(spoofs, &error) &&
                    conversation_message(context, spoofs->session, spoofs->recipient, text, &stage,
                                         &reply, &error);
    if (answered && strcmp(stage, STAGE_WHOLE_MESSAGE) != 0)
        checklist_skip(
            context->list, refusal->check,
            "%s was refused before the message could be sent (see the row \"accepted\"): "
            "%s",
            stage, reply.text);
    else
        judge(spoofs, refusal, answered, stage, &reply, &error);
    hang_up(spoofs);
}

#define CONTENT(kind, the_check, ...)                                                              \
    do {                                                                                           \
        static const enum rule_id expected[] = {__VA_ARGS__};                                      \
        static const struct refusal refusal = {                                                    \
            .check = the_check,                                                                    \
            .rules = expected,                                                                     \
            .rule_count = sizeof expected / sizeof *expected,                                      \
            .logged_in = true,                                                                     \
            .remedy = NOT_ASKED,                                                                   \
        };                                                                                         \
        check_content(spoofs, kind, &refusal);                                                     \
    } while (0)

/* By default forged trust is taken out of the message, which then goes on. */
static bool trust_is_mended(const struct context *context)
{
    const struct policy *policy = refusal_policy(context, true);
    const struct rule_settings *settings = policy ? policy->settings[RULE_trust_headers] : NULL;
    return !settings || settings->mode != MODE_ENFORCE || settings->action == ACTION_FIX;
}

static void check_contents(struct spoofs *spoofs)
{
    CONTENT(PROBE_SPOOFED_FROM, CHECK_SPOOFED_FROM, RULE_from);
    CONTENT(PROBE_TWO_FROM, CHECK_TWO_FROM, RULE_from, RULE_header_once);
    CONTENT(PROBE_HIDDEN_BREAK, CHECK_HIDDEN_BREAK, RULE_header_injection);
    if (!trust_is_mended(spoofs->context))
        CONTENT(PROBE_FORGED_TRUST, CHECK_FORGED_TRUST, RULE_trust_headers);
}

static void accepted(const struct context *context, const char *stage,
                     const struct smtp_reply *reply)
{
    if (smtp_reply_positive(reply))
        checklist_pass(context->list, CHECK_ACCEPTED, "%s", reply->text);
    else if (smtp_reply_mark(reply).len)
        checklist_fail(context->list, CHECK_ACCEPTED,
                       arena_printf(context->arena,
                                    "the words in the brackets name the rule and the record; who "
                                    "may use the address: senders in submilter.conf; no key: "
                                    "%s key new",
                                    our_command()),
                       "submilter refused %s: %s", stage, reply->text);
    else
        checklist_fail(context->list, CHECK_ACCEPTED,
                       smtp_reply_permanent(reply)
                           ? "the server itself refused it: see its log and its restrictions"
                           : remedy_or_no_answer(context, "see the mail log"),
                       "the server refused %s: %s", stage, reply->text);
}

static bool check_allowed(struct spoofs *spoofs, bool forged)
{
    struct context *context = spoofs->context;
    const struct probe probe = {
        .kind = PROBE_ALLOWED,
        .token = context->token,
        .from = context->options->address,
        .to = context->options->to,
        .authserv = forged ? spoofs->authserv : NULL,
    };
    const char *stage = "the login", *text = probe_message(&probe, context->arena);
    struct smtp_reply reply = {0};
    struct error error = {"out of memory"};
    bool answered = text && ready(spoofs, &error) &&
                    conversation_message(context, spoofs->session, context->options->to, text,
                                         &stage, &reply, &error);
    if (answered)
        accepted(context, stage, &reply);
    else
        checklist_fail(context->list, CHECK_ACCEPTED, "see the mail log", "at %s: %s", stage,
                       error.text);
    return answered && smtp_reply_positive(&reply);
}

/* An address of ours that the login may not use. Nobody has it, so that nobody gets its bounces. */
static const char *pick_spoof(const struct context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct texts *domains = &snapshot->settings->site.domains;
    for (size_t i = 0; i <= domains->count; i++) {
        struct mailbox mailbox;
        struct bytes source;
        const char *address;
        struct bytes own = context->options->mailbox.domain;
        struct bytes domain = i == 0 ? own : bytes_of(domains->items[i - 1]);
        const char *text = arena_printf(context->arena, "submilterctl-verify-%.8s@%.*s",
                                        context->token, (int)domain.len, domain.data);
        struct error error;
        if (text && verify_options_address(context->arena, "", text, &mailbox, &address, &error) &&
            senders_ask(snapshot->senders, context->arena, bytes_of(context->options->login),
                        &mailbox, &source) == OWNERSHIP_DENIED)
            return address;
    }
    return "submilterctl-verify@example.invalid"; /* RFC 2606: nobody's, ever */
}

/* What ought to be refused and is not must not reach a third party: only what this program takes in
 * itself, or the mailbox that it looks into, or who asked for it. */
static const char *harmless_recipient(const struct verify_options *options)
{
    return options->sink_port || options->mailbox_path ? options->to : options->address;
}

bool spoofs_check(struct context *context)
{
    const struct site *site = &context->snapshot->settings->site;
    struct spoofs spoofs = {
        .context = context,
        .spoof = context->options->spoof ? context->options->spoof : pick_spoof(context),
        .recipient = harmless_recipient(context->options),
        .authserv = site->authserv_ids.count
                        ? site->authserv_ids.items[0]
                        : arena_text(context->arena, context->options->mailbox.domain),
    };
    bool gone = false;
    if (check_login(&spoofs)) {
        check_envelope(&spoofs);
        check_contents(&spoofs);
        gone = check_allowed(&spoofs, trust_is_mended(context));
        hang_up(&spoofs);
    }
    password_wipe(&context->password);
    return gone;
}
