/* Judging refusals: by whom, for good or for now, and for the reason that was asked about. */
#include "ctl/verify/refusal.h"
#include "dkim/our_command.h"

#include <string.h>

static const char *policy_name(const struct context *context, bool logged_in)
{
    const struct session_facts *facts = &context->facts;
    const struct listener *listener =
        settings_listener(context->snapshot->settings, bytes_of(facts->local_ip),
                          facts->remote_port, (struct bytes){NULL, 0}, logged_in);
    if (listener)
        return listener->policy;
    return logged_in ? "submission" : "inbound";
}

const struct policy *refusal_policy(const struct context *context, bool logged_in)
{
    struct bytes login = bytes_of(logged_in ? context->options->login : NULL);
    return settings_policy(context->snapshot->settings, policy_name(context, logged_in), login);
}

static const struct rule_settings *settings_of(const struct context *context, enum rule_id rule,
                                               bool logged_in)
{
    const struct policy *policy = refusal_policy(context, logged_in);
    return policy ? policy->settings[rule] : NULL;
}

const char *refusal_not_enforced(const struct context *context, enum rule_id rule, bool logged_in)
{
    const struct rule_settings *settings = settings_of(context, rule, logged_in);
    if (!settings || settings->mode == MODE_ENFORCE)
        return NULL;
    const char *text =
        arena_printf(context->arena, "%s: not enforced (mode = \"%s\" in policy \"%s\")",
                     rules[rule]->name, mode_word(settings->mode), policy_name(context, logged_in));
    return text ? text : "the rule is not enforced";
}

static bool is_action(const struct context *context, const struct refusal *refusal,
                      enum action action)
{
    const struct rule_settings *settings =
        settings_of(context, refusal->rules[0], refusal->logged_in);
    return settings && settings->mode == MODE_ENFORCE && settings->action == action;
}

static bool is_expected(const struct refusal *refusal, struct bytes mark)
{
    struct bytes rule = bytes_slice(mark, 0, bytes_find(mark, '.'));
    for (size_t i = 0; i < refusal->rule_count; i++)
        if (bytes_equal(rule, bytes_of(rules[refusal->rules[i]]->name)))
            return true;
    return false;
}

static void judge_marked(const struct context *context, const struct refusal *refusal,
                         const char *stage, const struct smtp_reply *reply)
{
    if (!is_expected(refusal, smtp_reply_mark(reply)))
        checklist_skip(context->list, refusal->check,
                       "submilter refused %s for another reason, so that this could not be seen: "
                       "%s",
                       stage, reply->text);
    else if (smtp_reply_permanent(reply) || is_action(context, refusal, ACTION_TEMPFAIL))
        checklist_pass(context->list, refusal->check, "submilter refused %s: %s", stage,
                       reply->text);
    else
        checklist_fail(context->list, refusal->check,
                       "look for this id in the log: a table or key could not be asked",
                       "submilter refused %s for now only: %s", stage, reply->text);
}

/* Unknown addresses are refused whoever names them: that tells nothing of the login. */
static void judge_unmarked(const struct context *context, const struct refusal *refusal,
                           const char *stage, const struct smtp_reply *reply)
{
    if (!smtp_reply_permanent(reply))
        checklist_fail(
            context->list, refusal->check, remedy_or_no_answer(context, "see the mail log"),
            "the server refused %s for now only, and not by submilter: %s", stage, reply->text);
    else if (bytes_start_with_nocase(smtp_reply_status(reply), BYTES("5.1.")))
        checklist_skip(context->list, refusal->check,
                       "the server refused the address itself at %s, which tells nothing of who "
                       "may use it (name others with --spoof or --to): %s",
                       stage, reply->text);
    else
        checklist_pass(context->list, refusal->check, "the server itself refused %s: %s", stage,
                       reply->text);
}

static void judge_accepted(const struct context *context, const struct refusal *refusal,
                           const char *stage, const struct smtp_reply *reply)
{
    const char *idle = refusal_not_enforced(context, refusal->rules[0], refusal->logged_in);
    if (is_action(context, refusal, ACTION_QUARANTINE))
        checklist_skip(context->list, refusal->check,
                       "%s was accepted, as %s has action = \"quarantine\": see that the hold "
                       "queue has it: %s",
                       stage, rules[refusal->rules[0]]->name, reply->text);
    else if (idle)
        checklist_fail(context->list, refusal->check,
                       arena_printf(context->arena,
                                    "%s observed --rule %s shows whom that would refuse; "
                                    "%s enforce %s has it refuse",
                                    our_command(), rules[refusal->rules[0]]->name, our_command(),
                                    rules[refusal->rules[0]]->name),
                       "%s was accepted; %s: %s", stage, idle, reply->text);
    else
        checklist_fail(context->list, refusal->check, remedy_text(context, &refusal->remedy),
                       "%s was accepted: %s", stage, reply->text);
}

void refusal_judge(const struct context *context, const struct refusal *refusal, const char *stage,
                   const struct smtp_reply *reply)
{
    if (smtp_reply_positive(reply))
        judge_accepted(context, refusal, stage, reply);
    else if (smtp_reply_mark(reply).len)
        judge_marked(context, refusal, stage, reply);
    else
        judge_unmarked(context, refusal, stage, reply);
}
