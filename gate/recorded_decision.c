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
static void read_verdict(struct reading *reading, const struct json_tree *item,
                         struct recorded *recorded)
{
    static const char *const outcomes[] = {"not-asked", "pass", "violation", "unavailable", NULL};
    static const char *const states[] = {"nothing", "slow", "freeze", NULL};
    static const char *const modes[] = {"off", "observe", "enforce", NULL};
    struct bytes name = {NULL, 0};
    struct bytes reason = {NULL, 0};
    int outcome = OUTCOME_NOT_ASKED;
    int mode = MODE_OFF;
    int action = ACTION_ACCEPT;
    int contain = LOGIN_NORMAL;
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
    reading_word(reading, item, "contain", states, &contain);
    if (outcome >= OUTCOME_VIOLATION && !reason.len)
        reading_fail(reading, "reason", "a word, where a rule was violated");
    found->verdict.outcome = (enum outcome)outcome;
    found->verdict.reason = reason.data;
    found->verdict.contain = (enum login_state)contain;
    found->mode = (enum mode)mode;
    found->action = (enum action)action;
}

static void read_verdicts(struct reading *reading, const struct json_tree *root,
                          struct recorded *recorded)
{
    const struct json_tree *list = reading_list(reading, root, "verdicts");
    const struct json_tree *item = list ? list->first : NULL;
    for (; item && !reading->failed; item = item->next)
        read_verdict(reading, item, recorded);
}

static void read_edit(struct reading *reading, const struct json_tree *item,
                      struct recorded_edit *edit)
{
    static const char *const kinds[] = {"add", "replace", "delete", NULL};
    int kind = -1;
    int64_t instance = 0;
    reading_word(reading, item, "kind", kinds, &kind);
    reading_text(reading, item, "name", &edit->name);
    reading_number(reading, item, "instance", 1, &instance);
    reading_text(reading, item, "value", &edit->value);
    reading_text(reading, item, "rule", &edit->rule);
    const struct json_tree *exact = json_tree_member(item, "exact");
    if (exact)
        reading_base64(reading, exact, "edits", &edit->value);
    if (kind < 0 || !edit->name.data)
        reading_fail(reading, "edits", "a list of objects, each with a kind and a name");
    edit->kind = (enum edit_kind)kind;
    edit->instance = (unsigned)instance;
}

static void read_edits(struct reading *reading, const struct json_tree *root,
                       struct recorded *recorded)
{
    const struct json_tree *list = reading_list(reading, root, "edits");
    struct recorded_edit *edit = reading_room(reading, list, sizeof *edit);
    const struct json_tree *item = edit ? list->first : NULL;
    recorded->edits = edit;
    recorded->edit_count = edit ? list->count : 0;
    for (; item && !reading->failed; item = item->next)
        read_edit(reading, item, edit++);
}

static void read_unsigned(struct reading *reading, const struct json_tree *root,
                          struct recorded *recorded)
{
    struct bytes *names;
    recorded->unsigned_count = reading_texts(reading, root, "unsigned", &names);
    recorded->unsigned_names = names;
}

static void read_signatures(struct reading *reading, const struct json_tree *root,
                            struct recorded *recorded)
{
    const struct json_tree *list = reading_list(reading, root, "signatures");
    struct recorded_signature *signature = reading_room(reading, list, sizeof *signature);
    const struct json_tree *item = signature ? list->first : NULL;
    recorded->signatures = signature;
    recorded->signature_count = signature ? list->count : 0;
    for (; item && !reading->failed; item = item->next, signature++) {
        reading_text(reading, item, "d", &signature->domain);
        reading_text(reading, item, "s", &signature->selector);
        reading_text(reading, item, "a", &signature->algorithm);
        if (!signature->domain.data || !signature->selector.data || !signature->algorithm.data)
            reading_fail(reading, "signatures", "a list of objects, each with d, s and a");
    }
}

void recorded_read_decision(struct reading *reading, const struct json_tree *root,
                            struct recorded *recorded)
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
