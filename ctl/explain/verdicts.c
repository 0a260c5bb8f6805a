/* Verdicts in words. */
#include "ctl/explain/verdicts.h"

#include <string.h>

#include "ctl/explain/identities.h"
#include "ctl/explain/value.h"
#include "policy/rule.h"

#define OUTCOME_WIDTH 17

const json_t *verdicts_of(const json_t *record, const char *rule)
{
    const json_t *verdicts = json_object_get(record, "verdicts");
    for (size_t i = 0; i < json_array_size(verdicts); i++)
        if (value_is(json_array_get(verdicts, i), "rule", rule))
            return json_array_get(verdicts, i);
    return NULL;
}

bool verdicts_would(const json_t *verdict)
{
    return value_is(verdict, "mode", "observe") &&
           (!value_is(verdict, "action", "accept") || value_text(verdict, "contain").len);
}

/* An action that is not known weighs nothing. */
static enum action action_of(const json_t *object)
{
    for (int action = ACTION_REJECT; action > ACTION_ACCEPT; action--)
        if (value_is(object, "action", action_word((enum action)action)))
            return (enum action)action;
    return ACTION_ACCEPT;
}

size_t verdicts_worse(const json_t *record, const json_t *ret_worse[VERDICTS_WORSE_MAX])
{
    const json_t *verdicts = json_object_get(record, "verdicts");
    enum action came = action_of(record);
    size_t count = 0;
    for (int action = ACTION_REJECT; action > ACTION_FIX && action > (int)came; action--)
        for (size_t i = 0; i < json_array_size(verdicts) && count < VERDICTS_WORSE_MAX; i++) {
            const json_t *verdict = json_array_get(verdicts, i);
            if (verdicts_would(verdict) && (int)action_of(verdict) == action)
                ret_worse[count++] = verdict;
        }
    return count;
}

/* What a sign did to the login. A thaw may outweigh it. */
static struct bytes contain_words(const json_t *record, const json_t *verdict)
{
    bool freezes = value_is(verdict, "contain", "freeze");
    if (verdicts_would(verdict))
        return freezes ? BYTES("would freeze") : BYTES("would slow");
    if (!value_text(record, "contained").len)
        return freezes ? BYTES("did not freeze") : BYTES("did not slow");
    return freezes ? BYTES("froze the login") : BYTES("slowed the login");
}

/* What came of it. A message that did not leave was not mended either. */
static struct bytes outcome_words(const json_t *record, const json_t *verdict)
{
    static const struct {
        const char *action, *enforced, *observed;
    } words[] = {
        {"fix", "mended", "would mend"},
        {"quarantine", "quarantined", "would quarantine"},
        {"tempfail", "put off", "would put off"},
        {"reject", "refused", "would refuse"},
    };
    bool stayed = value_is(record, "action", "reject") || value_is(record, "action", "tempfail");
    if (stayed && value_is(verdict, "action", "fix") && !verdicts_would(verdict))
        return BYTES("to be mended");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value_is(verdict, "action", words[i].action))
            return bytes_of(verdicts_would(verdict) ? words[i].observed : words[i].enforced);
    if (value_text(verdict, "contain").len)
        return contain_words(record, verdict);
    return value_is(verdict, "outcome", "pass") ? BYTES("passed") : value_text(verdict, "outcome");
}

static void print_padded(FILE *out, struct bytes text, int width)
{
    value_print(out, text);
    fprintf(out, "%*s", text.len < (size_t)width ? width - (int)text.len : 0, "");
}

static void print_verdict(const json_t *record, const json_t *verdict, FILE *out)
{
    struct bytes rule = value_text(verdict, "rule"), reason = value_text(verdict, "reason");
    struct bytes fact = value_text(verdict, "fact");
    bool decided = bytes_equal(rule, value_text(record, "rule"));
    bool observed = value_is(verdict, "mode", "observe");
    fputs(decided ? "> " : "  ", out);
    print_padded(out, rule, 18);
    print_padded(out, observed ? BYTES("observed") : BYTES("enforced"), 10);
    struct bytes outcome = outcome_words(record, verdict);
    print_padded(out, outcome, reason.len || fact.len ? OUTCOME_WIDTH : (int)outcome.len);
    value_print(out, reason);
    fputs(reason.len && fact.len ? ": " : "", out);
    value_print(out, fact);
    if (json_is_true(json_object_get(verdict, "beyond_mending")))
        fputs(" (it can't be mended)", out);
    fputc('\n', out);
    identities_print(record, rule, out);
}

/* Of our rules those that the record has no verdict of. */
static void print_not_asked(const json_t *record, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (verdicts_of(record, rules[i]->name))
            continue;
        fprintf(out, "%s%s",
                any ? ", " : "  not asked, as they are off or it did not come to them: ",
                rules[i]->name);
        any = true;
    }
    fputs(any ? "\n" : "", out);
}

void verdicts_print(const json_t *record, FILE *out)
{
    const json_t *verdicts = json_object_get(record, "verdicts");
    fputs("\nThe rules, in the order in which they were asked", out);
    fputs(value_text(record, "rule").len ? " (> decided):\n" : ":\n", out);
    for (size_t i = 0; i < json_array_size(verdicts); i++)
        print_verdict(record, json_array_get(verdicts, i), out);
    print_not_asked(record, out);
    if (value_text(record, "fault").len) {
        fputs("  a fault inside: ", out);
        value_print(out, value_text(record, "fault"));
        fputc('\n', out);
    }
}
