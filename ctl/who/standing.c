/* What else holds for a login or a domain: groups, policies, keys. */
#include <stdio.h>
#include <string.h>

#include "conf/memberships.h"
#include "ctl/plain.h"
#include "ctl/who/who.h"
#include "dkim/our_command.h"
#include "gate/record_values.h"
#include "policy/claim.h"

static const enum rule_id sender_rules[] = {RULE_envelope, RULE_from, RULE_sender};

#define SENDER_RULE_COUNT (sizeof sender_rules / sizeof *sender_rules)

void who_text(struct bytes text)
{
    plain_write_value(stdout, text);
}

bool who_flush(const struct who *who)
{
    struct json *json = who->json;
    if (json && json->len) {
        fwrite(json->data, 1, json->len, stdout);
        json->len = 0;
    }
    return !ferror(stdout);
}

static void print_group(const struct membership *group)
{
    printf("group %s (%s:%u)", group->name, group->file, group->line);
    if (!group->holds) {
        puts(": names it too, and has no say: the first group does");
        return;
    }
    printf(": %s", group->changes[0] ? group->changes : "changes nothing");
    for (size_t i = 0; i < group->policies.count; i++)
        printf("%s%s", i ? ", " : ", in policy ", group->policies.items[i]);
    putchar('\n');
}

void who_print_groups(const struct who *who, struct bytes login)
{
    struct membership group;
    if (who->json)
        json_open(who->json, "groups", '[');
    for (size_t i = 0; memberships_get(who->settings, who->arena, login, i, &group); i++) {
        if (!who->json) {
            print_group(&group);
            continue;
        }
        json_open(who->json, NULL, '{');
        json_text(who->json, "name", group.name);
        json_text(who->json, "file", group.file);
        json_int(who->json, "line", group.line);
        json_bool(who->json, "holds", group.holds);
        json_text(who->json, "changes", group.changes);
        json_open(who->json, "policies", '[');
        for (size_t p = 0; p < group.policies.count; p++)
            json_text(who->json, NULL, group.policies.items[p]);
        json_close(who->json, ']');
        json_close(who->json, '}');
    }
    if (who->json)
        json_close(who->json, ']');
}

/* enum claim_owner, as the rule's own row says where it stands. */
static int owner_asked(const struct rule *rule, const struct rule_settings *settings)
{
    for (const struct option_row *row = rule->options; row && row->name; row++)
        if (strcmp(row->name, "owner") == 0)
            return *(const int *)((const char *)settings + row->offset);
    return CLAIM_OWNER_LOGIN;
}

static bool holds_to_owners(const struct policy *policy)
{
    for (size_t i = 0; i < SENDER_RULE_COUNT; i++) {
        const struct rule_settings *settings = policy->settings[sender_rules[i]];
        if (settings->mode != MODE_ENFORCE ||
            owner_asked(rules[sender_rules[i]], settings) != CLAIM_OWNER_LOGIN)
            return false;
    }
    return true;
}

static void print_policy(const struct who *who, const struct policy *policy)
{
    if (who->json)
        json_open(who->json, policy->name, '{');
    else
        printf("policy %s does not enforce all of this:", policy->name);
    for (size_t i = 0; i < SENDER_RULE_COUNT; i++) {
        const struct rule *rule = rules[sender_rules[i]];
        const struct rule_settings *settings = policy->settings[sender_rules[i]];
        const char *owner = claim_owners[owner_asked(rule, settings)];
        if (!who->json) {
            printf("%s %s = %s", i ? "," : "", rule->name, mode_word(settings->mode));
            if (strcmp(owner, "login") != 0 && settings->mode != MODE_OFF)
                printf(" with owner = %s", owner);
            continue;
        }
        json_open(who->json, rule->name, '{');
        json_text(who->json, "mode", mode_word(settings->mode));
        json_text(who->json, "owner", owner);
        json_close(who->json, '}');
    }
    if (who->json)
        json_close(who->json, '}');
    else
        putchar('\n');
}

static bool takes_logins(const struct settings *settings, const struct listener *listener)
{
    return listener->asks_login
               ? listener->login
               : strcmp(settings_policy_base(settings, listener->policy), "submission") == 0;
}

/* Whether sessions that logged in come to the listener, and it is the first such with its policy.
 */
static bool is_for_logins(const struct settings *settings, size_t listener)
{
    const struct listener *own = &settings->listeners[listener];
    if (!takes_logins(settings, own))
        return false;
    for (size_t i = 0; i < listener; i++)
        if (takes_logins(settings, &settings->listeners[i]) &&
            strcmp(settings->listeners[i].policy, own->policy) == 0)
            return false;
    return true;
}

void who_print_policies(const struct who *who, struct bytes login)
{
    size_t count = 0;
    if (who->json)
        json_open(who->json, "policies", '{');
    for (size_t i = 0; i <= who->settings->listener_count; i++) {
        bool last = i == who->settings->listener_count;
        /* Where no listener is for logins, that policy holds. */
        if (last ? count > 0 : !is_for_logins(who->settings, i))
            continue;
        const char *name = last ? "submission" : who->settings->listeners[i].policy;
        const struct policy *policy = settings_policy(who->settings, name, login);
        count++;
        if (who->json || !holds_to_owners(policy))
            print_policy(who, policy);
    }
    if (who->json)
        json_close(who->json, '}');
}

/* The policy in which mail of somebody who logs in is signed, else one that observes the rule, else
 * any. */
static const struct policy *signing_policy(const struct who *who, struct bytes login)
{
    const struct settings *settings = who->settings;
    const struct policy *best = NULL;
    for (size_t i = 0; i <= settings->listener_count; i++) {
        bool last = i == settings->listener_count;
        if (last ? best != NULL : !is_for_logins(settings, i))
            continue;
        const char *name = last ? "submission" : settings->listeners[i].policy;
        const struct policy *policy = settings_policy(settings, name, login);
        if (!best || policy->settings[RULE_dkim]->mode > best->settings[RULE_dkim]->mode)
            best = policy;
    }
    return best;
}

static void print_keys(const struct who *who, const struct key *keys, size_t count)
{
    if (!who->json)
        printf(": signed, d=%s", keys->domain);
    for (size_t i = 0; i < count; i++) {
        if (!who->json) {
            printf("%s s=%s (%s)", i ? "," : "", keys[i].selector, record_algorithm(&keys[i]));
            continue;
        }
        json_open(who->json, NULL, '{');
        json_text(who->json, "d", keys[i].domain);
        json_text(who->json, "s", keys[i].selector);
        json_text(who->json, "a", record_algorithm(&keys[i]));
        json_close(who->json, '}');
    }
}

void who_print_signing(const struct who *who, struct bytes login, struct bytes domain)
{
    const struct key *keys = NULL;
    size_t count = 0;
    const struct policy *policy = signing_policy(who, login);
    enum mode mode = policy->settings[RULE_dkim]->mode;
    bool on = mode == MODE_ENFORCE;
    bool ours = texts_have(&who->settings->site.domains, domain);
    if (on && who->keystore)
        count = keystore_find(who->keystore, domain, who->settings->dkim.parents, &keys);
    if (who->json) {
        json_open(who->json, NULL, '{');
        json_bytes(who->json, "domain", domain);
        json_bool(who->json, "ours", ours);
        json_bool(who->json, "known", !on || who->keystore);
        json_text(who->json, "mode", mode_word(mode));
        json_open(who->json, "keys", '[');
    } else {
        fputs("mail from ", stdout);
        who_text(domain);
    }
    if (count)
        print_keys(who, keys, count);
    if (who->json) {
        json_close(who->json, ']');
        json_close(who->json, '}');
        return;
    }
    if (mode == MODE_OBSERVE)
        printf(": not signed: rule dkim only observes in policy %s", policy->name);
    else if (!on)
        fputs(": not signed, the rule dkim is off", stdout);
    else if (!who->keystore)
        printf(": not known whether it is signed: %s", who->no_keys.text);
    else if (!count && ours)
        printf(": there is no key, on_missing_key of the rule dkim decides; %s key new "
               "%.*s makes one",
               our_command(), (int)domain.len, domain.data);
    else if (!count)
        fputs(": not signed, and none of our domains", stdout);
    putchar('\n');
}
