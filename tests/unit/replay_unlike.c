/* Comparing a decision with the same one, recorded and made again. */
#include "tests/unit/replay_unlike.h"

#include <stdio.h>
#include <string.h>

#include "gate/record.h"
#include "gate/record_values.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct recorded *replay_unlike_record(const struct message *message)
{
    const struct record_context context = {.now = message->began + 17};
    struct json json;
    struct recorded *recorded = NULL;
    struct error error;
    json_init(&json);
    record_write_json(message, &context, &json);
    if (!recorded_new((struct bytes){json.data, json.len}, &recorded, &error))
        printf("# %s in %s\n", error.text, json.data);
    json_done(&json);
    return recorded;
}

/* A fact is no longer in a record than this. */
static struct bytes shown(struct bytes fact)
{
    return bytes_slice(fact, 0, JSON_VALUE_MAX);
}

static const char *unlike_verdict(const struct judged *then, const struct judged *now)
{
    if (then->verdict.outcome != now->verdict.outcome)
        return "the outcome";
    if (then->mode != now->mode)
        return "the mode";
    if (then->action != now->action)
        return "the action";
    if (!same_text(then->verdict.reason, now->verdict.reason))
        return "the reason";
    if (!json_bytes_loses(shown(then->verdict.fact)) &&
        !bytes_equal(shown(then->verdict.fact), shown(now->verdict.fact)))
        return "the fact";
    return NULL;
}

static bool unlike_edits(const struct edit *then, const struct edit *now)
{
    for (; then && now; then = then->next, now = now->next)
        if (then->kind != now->kind || !bytes_equal(then->name, now->name) ||
            (then->kind != EDIT_ADD && then->field != now->field) ||
            !bytes_equal(bytes_trim(then->value), bytes_trim(now->value)) ||
            !same_text(then->rule, now->rule))
            return true;
    return then || now;
}

static bool unlike_unsigned(const struct unsigned_field *then, const struct unsigned_field *now)
{
    for (; then && now; then = then->next, now = now->next)
        if (!bytes_equal(then->name, now->name))
            return true;
    return then || now;
}

static bool unlike_signatures(const struct message_outcome *then, const struct message_outcome *now)
{
    if (then->signature_count != now->signature_count)
        return true;
    for (size_t i = 0; i < then->signature_count; i++)
        if (then->signatures[i].key != now->signatures[i].key)
            return true;
    return false;
}

const char *replay_unlike_message(const struct message *then, const struct message *now)
{
    static char text[200];
    if (then->outcome.action != now->outcome.action ||
        !same_text(then->refused_command, now->refused_command))
        return "the action";
    if (!same_text(record_rule(then), record_rule(now)) ||
        !same_text(record_reason(then), record_reason(now)))
        return "the reason";
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const char *unlike = unlike_verdict(&then->decision.judged[i], &now->decision.judged[i]);
        if (!unlike)
            continue;
        snprintf(text, sizeof text, "%s of %s", unlike, rules[i]->name);
        return text;
    }
    if (!record_left(then))
        return NULL;
    if (unlike_edits(then->outcome.edits, now->outcome.edits))
        return "the edits";
    if (unlike_unsigned(then->decision.unsigned_fields, now->decision.unsigned_fields))
        return "what is left unsigned";
    if (!same_text(then->not_signed, now->not_signed))
        return "why it is not signed";
    return unlike_signatures(&then->outcome, &now->outcome) ? "the signatures" : NULL;
}

const char *replay_unlike_replayed(const struct replayed *replayed, bool captured, bool cut)
{
    if (replayed->gap)
        return "a gap";
    if (replayed->differs || replayed->decision_differs || replayed->rcpts_refused ||
        replayed->edits_differ || replayed->signed_differs || replayed->keys_differ)
        return "that it differs";
    for (size_t i = 0; i < RULE_COUNT; i++)
        if ((replayed->rules[i].unknown && !cut) || (captured && replayed->rules[i].carried))
            return "what cannot be judged again";
    return NULL;
}
