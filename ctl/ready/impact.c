/* Judging recorded sessions by the rule with one setting changed. */
#include "ctl/ready/impact.h"

#include <string.h>

static bool is_meant(const struct impact *impact, const char *policy)
{
    if (impact->policy)
        return strcmp(policy, impact->policy) == 0;
    return strcmp(settings_policy_base(impact->settings, policy), "submission") == 0;
}

/* As the daemon knew the session. The record does not tell the certificate's authority, which no
 * rule asks for. */
static struct facts facts_of(const struct impact *impact, const struct readiness_row *row)
{
    struct facts facts = {.site = &impact->settings->site};
    facts.tls = (struct facts_tls){.state = FACT_ABSENT,
                                   .version = row->tls_version,
                                   .cipher = row->cipher,
                                   .cipher_bits = row->cipher_bits,
                                   .terminator = row->tls_terminator};
    if (row->tls_version.len)
        facts.tls.state = FACT_KNOWN;
    else if (row->tls_unknown)
        facts.tls.state = FACT_UNAVAILABLE;
    if (row->certificate)
        facts.tls.cert_subject = BYTES("recorded");
    facts.login = (struct facts_login){FACT_ABSENT, row->login, row->auth_mech};
    if (row->login.len)
        facts.login.state = FACT_KNOWN;
    else if (row->login_unknown)
        facts.login.state = FACT_UNAVAILABLE;
    return facts;
}

static enum outcome judge(const struct impact *impact, enum rule_id rule, const struct facts *facts,
                          const struct rule_settings *settings)
{
    struct verdict verdict = {0};
    if (settings->mode != MODE_ENFORCE)
        return OUTCOME_PASS;
    rules[rule]->judge(facts, settings, impact->arena, &verdict);
    return verdict.outcome;
}

/* By either of the rules that look at how mail comes in: robots without a login are nobody whom a
 * new TLS version shuts out. */
static bool is_refused_today(const struct impact *impact, const struct policy *policy,
                             const struct facts *facts)
{
    return judge(impact, RULE_tls, facts, policy->settings[RULE_tls]) == OUTCOME_VIOLATION ||
           judge(impact, RULE_auth, facts, policy->settings[RULE_auth]) == OUTCOME_VIOLATION;
}

/* A change of more than the mode enforces the rule as well, and what its other settings say. */
static bool is_refused_as_set(const struct impact *impact, const struct rule_settings *today,
                              const struct rule_settings *changed, const struct facts *facts)
{
    if (!impact->change->option || today->mode == changed->mode)
        return false;
    const struct rule_settings *enforced =
        ready_apply(impact->change, today, (struct ready_reach){.mode = true}, impact->arena);
    return enforced &&
           judge(impact, impact->change->word->rule, facts, enforced) == OUTCOME_VIOLATION;
}

/* A group that has settings of its own keeps them when the policy's are changed. */
static const struct rule_settings *changed_for(const struct impact *impact, const char *policy,
                                               const struct rule_settings *today)
{
    const struct policy *plain = settings_policy(impact->settings, policy, (struct bytes){NULL, 0});
    const struct rule_settings *settings = plain->settings[impact->change->word->rule];
    return ready_apply(impact->change, today, ready_reaches(impact->change, settings, today),
                       impact->arena);
}

enum impact_result impact_of(const struct impact *impact, const struct readiness_row *row)
{
    arena_clear(impact->arena);
    const char *name = arena_text(impact->arena, row->policy);
    if (!name)
        return IMPACT_NO_MEMORY;
    const struct policy *policy = settings_policy(impact->settings, name, row->login);
    if (!policy || !is_meant(impact, name))
        return IMPACT_ELSEWHERE;
    enum rule_id rule = impact->change->word->rule;
    const struct facts facts = facts_of(impact, row);
    const struct rule_settings *changed = changed_for(impact, name, policy->settings[rule]);
    if (!changed)
        return IMPACT_NO_MEMORY;
    bool before = is_refused_today(impact, policy, &facts);
    enum outcome after = judge(impact, rule, &facts, changed);
    bool as_set = is_refused_as_set(impact, policy->settings[rule], changed, &facts);
    if (arena_failed(impact->arena))
        return IMPACT_NO_MEMORY;
    if (before)
        return IMPACT_ALREADY;
    if (after == OUTCOME_UNAVAILABLE)
        return IMPACT_UNKNOWN;
    if (after != OUTCOME_VIOLATION)
        return IMPACT_NONE;
    return as_set ? IMPACT_AS_SET : IMPACT_BREAKS;
}

static const struct option_row *bits_option(void)
{
    const struct option_row *row = rule_tls.options;
    while (row->name && strcmp(row->name, "min_cipher_bits") != 0)
        row++;
    return row;
}

/* The fewest secret bits that today's settings take. */
static int64_t least_bits(const struct impact *impact, const struct readiness_row *message)
{
    const char *name = arena_text(impact->arena, message->policy);
    const struct policy *policy =
        name ? settings_policy(impact->settings, name, message->login) : NULL;
    int64_t least = 0;
    if (policy)
        memcpy(&least, (const char *)policy->settings[RULE_tls] + bits_option()->offset,
               sizeof least);
    return least;
}

/* With the fewest bits that are taken today and with many, with a certificate and without. What was
 * not known, of TLS and of the login, is no better than none. */
bool impact_is_open(const struct impact *impact, const struct readiness_row *message,
                    bool *ret_elsewhere)
{
    struct readiness_row row = *message;
    row.cipher_bits = least_bits(impact, message);
    *ret_elsewhere = impact_of(impact, &row) == IMPACT_ELSEWHERE;
    if (*ret_elsewhere)
        return false;
    if (impact->change->option == bits_option())
        return true;
    for (int i = 0; i < 4; i++) {
        if (i == 2)
            row.cipher_bits = INT32_MAX;
        row.certificate = i % 2;
        if (impact_of(impact, &row) != IMPACT_NONE)
            return true;
    }
    return false;
}
