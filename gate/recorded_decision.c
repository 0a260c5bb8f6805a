/* The decision of a record. */
#include "gate/recorded_decision.h"

#include <string.h>

static const char *const action_words[] = {"accept",   "fix",    "quarantine",
                                           "tempfail", "reject", NULL};

static const struct rule *const *find_rule(struct bytes name)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (bytes_equal(bytes_of(rules[i]->name), name))
            return &rules[i];
    return NULL;
}

/* A rule that this version does not know is passed over: it cannot be asked again. */
static void read_verdict(struct reading *reading, const json_t *item, struct recorded *recorded)
{
    static const char *const outcomes[] = {"not-asked", "pass", "violation", "unavailable", NULL};
    static const char *const modes[] = {"off", "observe", "enforce", NULL};
    struct bytes name = {NULL, 0};
    struct bytes reason = {NULL, 0};
    int outcome = OUTCOME_NOT_ASKED;
    int mode = MODE_OFF;
    int action = ACTION_ACCEPT;
    reading_text(reading, item, "rule", &name);
    const struct rule *const *rule = find_rule(name);
    if (!name.data)
        reading_fail(reading, "verdicts", "a list of objects, each with a rule");
    if (!rule)
        return;
    struct recorded_verdict *found = &recorded->verdicts[rule - rules];
    reading_word(reading, item, "outcome", outcomes, &outcome);
    reading_word(reading, item, "mode", modes, &mode);
    reading_word(reading, item, "action", action_words, &action);
    reading_text(reading, item, "reason", &reason);
    reading_text(reading, item, "fact", &found->verdict.fact);
    reading_bool(reading, item, "beyond_mending", &found->verdict.beyond_mending);
    if (outcome >= OUTCOME_VIOLATION && !reason.len)
        reading_fail(reading, "reason", "a word, where a rule was violated");
    found->verdict.outcome = (enum outcome)outcome;
    found->verdict.reason = reason.data;
    found->mode = (enum mode)mode;
    found->action = (enum action)action;
}

static void read_verdicts(struct reading *reading, const json_t *root, struct recorded *recorded)
{
    const json_t *list = reading_array(reading, root, "verdicts");
    for (size_t i = 0; i < json_array_size(list) && !reading->failed; i++)
        read_verdict(reading, json_array_get(list, i), recorded);
}

static void read_edit(struct reading *reading, const json_t *item, struct recorded_edit *edit)
{
    static const char *const kinds[] = {"add", "replace", "delete", NULL};
    int kind = -1;
    int64_t instance = 0;
    reading_word(reading, item, "kind", kinds, &kind);
    reading_text(reading, item, "name", &edit->name);
    reading_number(reading, item, "instance", 1, &instance);
    reading_text(reading, item, "value", &edit->value);
    reading_text(reading, item, "rule", &edit->rule);
    const json_t *exact = json_object_get(item, "exact");
    if (exact)
        reading_base64(reading, exact, "edits", &edit->value);
    if (kind < 0 || !edit->name.data)
        reading_fail(reading, "edits", "a list of objects, each with a kind and a name");
    edit->kind = (enum edit_kind)kind;
    edit->instance = (unsigned)instance;
}

static void read_edits(struct reading *reading, const json_t *root, struct recorded *recorded)
{
    const json_t *list = reading_array(reading, root, "edits");
    size_t count = json_array_size(list);
    struct recorded_edit *edits = reading_items(reading, count, sizeof *edits);
    for (size_t i = 0; edits && i < count && !reading->failed; i++)
        read_edit(reading, json_array_get(list, i), &edits[i]);
    recorded->edits = edits;
    recorded->edit_count = edits ? count : 0;
}

static void read_unsigned(struct reading *reading, const json_t *root, struct recorded *recorded)
{
    const json_t *list = reading_array(reading, root, "unsigned");
    size_t count = json_array_size(list);
    struct bytes *names = reading_items(reading, count, sizeof *names);
    for (size_t i = 0; names && i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item))
            reading_fail(reading, "unsigned", "a list of texts");
        else
            names[i] = reading_bytes_of(item);
    }
    recorded->unsigned_names = names;
    recorded->unsigned_count = names ? count : 0;
}

static void read_signatures(struct reading *reading, const json_t *root, struct recorded *recorded)
{
    const json_t *list = reading_array(reading, root, "signatures");
    size_t count = json_array_size(list);
    struct recorded_signature *signatures = reading_items(reading, count, sizeof *signatures);
    for (size_t i = 0; signatures && i < count && !reading->failed; i++) {
        const json_t *item = json_array_get(list, i);
        reading_text(reading, item, "d", &signatures[i].domain);
        reading_text(reading, item, "s", &signatures[i].selector);
        reading_text(reading, item, "a", &signatures[i].algorithm);
        if (!signatures[i].domain.data || !signatures[i].selector.data ||
            !signatures[i].algorithm.data)
            reading_fail(reading, "signatures", "a list of objects, each with d, s and a");
    }
    recorded->signatures = signatures;
    recorded->signature_count = signatures ? count : 0;
}

void recorded_read_decision(struct reading *reading, const json_t *root, struct recorded *recorded)
{
    int action = -1;
    struct bytes not_signed = {NULL, 0};
    reading_word(reading, root, "action", action_words, &action);
    if (action < 0)
        reading_fail(reading, "action", "what was done: accept, fix, quarantine, tempfail, reject");
    recorded->action = (enum action)action;
    reading_text(reading, root, "rule", &recorded->rule);
    reading_text(reading, root, "reason", &recorded->reason);
    reading_text(reading, root, "reply", &recorded->reply);
    reading_text(reading, root, "fault", &recorded->fault);
    read_verdicts(reading, root, recorded);
    read_edits(reading, root, recorded);
    read_unsigned(reading, root, recorded);
    reading_text(reading, root, "not_signed", &not_signed);
    recorded->not_signed = not_signed.data;
    read_signatures(reading, root, recorded);
}
