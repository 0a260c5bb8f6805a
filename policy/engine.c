/* Asking the rules of a stage and folding what they say: reject > tempfail > quarantine > fix >
 * accept. */
#include "policy/engine.h"

const struct rule *const rules[] = {
#define RULE(name) &rule_##name,
#include "policy/rules/list.h"
#undef RULE
    NULL};

const char *mode_word(enum mode mode)
{
    static const char *const words[] = {"off", "observe", "enforce"};
    return words[mode];
}

const char *action_word(enum action action)
{
    static const char *const words[] = {"accept", "fix", "quarantine", "tempfail", "reject"};
    return words[action];
}

void decision_init(struct decision *decision)
{
    *decision =
        (struct decision){.action = ACTION_ACCEPT, .decider = RULE_COUNT, .container = RULE_COUNT};
}

static enum action action_of(const struct verdict *verdict, const struct rule_settings *settings)
{
    switch (verdict->outcome) {
    case OUTCOME_VIOLATION:
        return settings->action == ACTION_FIX && verdict->beyond_mending ? ACTION_REJECT
                                                                         : settings->action;
    case OUTCOME_UNAVAILABLE:
        return ACTION_TEMPFAIL;
    case OUTCOME_NOT_ASKED:
    case OUTCOME_PASS:
        break;
    }
    return ACTION_ACCEPT;
}

/* Each verdict keeps its own list; the decision's list is of copies. */
static void copy_edits(struct decision *decision, const struct edit *edits, const char *rule,
                       struct arena *arena)
{
    struct edit **end = &decision->edits;
    while (*end)
        end = &(*end)->next;
    for (; edits; edits = edits->next) {
        struct edit *copy = arena_alloc(arena, sizeof *copy);
        if (!copy)
            return;
        *copy = *edits;
        copy->rule = rule;
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
    }
}

static void copy_unsigned(struct decision *decision, const struct unsigned_field *fields,
                          struct arena *arena)
{
    struct unsigned_field **end = &decision->unsigned_fields;
    while (*end)
        end = &(*end)->next;
    for (; fields; fields = fields->next) {
        if (unsigned_field_named(decision->unsigned_fields, fields->name))
            continue;
        *end = arena_alloc(arena, sizeof **end);
        if (!*end)
            return;
        (*end)->name = fields->name;
        end = &(*end)->next;
    }
}

static void fold(struct decision *decision, struct arena *arena)
{
    decision->action = ACTION_ACCEPT;
    decision->decider = RULE_COUNT;
    decision->contain = LOGIN_NORMAL;
    decision->container = RULE_COUNT;
    decision->edits = NULL;
    decision->unsigned_fields = NULL;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        struct judged *judged = &decision->judged[i];
        if (judged->mode != MODE_ENFORCE)
            continue;
        if (judged->verdict.contain > decision->contain) {
            decision->contain = judged->verdict.contain;
            decision->container = (enum rule_id)i;
        }
        if (judged->action > decision->action) {
            decision->action = judged->action;
            decision->decider = (enum rule_id)i;
        }
        if (judged->action != ACTION_FIX)
            continue;
        copy_edits(decision, judged->verdict.edits, rules[i]->name, arena);
        copy_unsigned(decision, judged->verdict.unsigned_fields, arena);
    }
}

static void fold_or_fail(struct decision *decision, struct arena *arena)
{
    fold(decision, arena);
    if (arena_failed(arena) && decision->action != ACTION_TEMPFAIL) {
        decision->action = ACTION_TEMPFAIL;
        decision->decider = RULE_COUNT;
    }
}

static bool is_asked_at(const struct rule *rule, enum stage stage)
{
    return rule->stage == stage || rule->early & RULE_STAGE(stage);
}

/* Of a block that was cut at a rule's caps that rule can tell, and who counts: to all others what
 * is not there would seem to be missing. */
static bool can_tell(const struct rule *rule, const struct facts *facts)
{
    return !facts->header.dropped || rule->caps || rule->counted || rule->stage != STAGE_HEADER;
}

void engine_judge(enum stage stage, const struct facts *facts, const struct policy *policy,
                  struct arena *arena, struct decision *decision)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule_settings *settings = policy->settings[i];
        if (!is_asked_at(rules[i], stage))
            continue;
        struct judged judged = {.mode = settings->mode};
        if (settings->mode != MODE_OFF && can_tell(rules[i], facts)) {
            rules[i]->judge(facts, settings, arena, &judged.verdict);
            judged.action = action_of(&judged.verdict, settings);
        }
        if (judged.action >= decision->judged[i].action &&
            judged.verdict.contain >= decision->judged[i].verdict.contain)
            decision->judged[i] = judged;
    }
    fold_or_fail(decision, arena);
}

void engine_carry(enum rule_id rule, const struct verdict *verdict, const struct policy *policy,
                  struct arena *arena, struct decision *decision)
{
    const struct rule_settings *settings = policy->settings[rule];
    decision->judged[rule] = (struct judged){.mode = settings->mode};
    if (settings->mode != MODE_OFF) {
        decision->judged[rule].verdict = *verdict;
        decision->judged[rule].action = action_of(verdict, settings);
    }
    fold_or_fail(decision, arena);
}

void engine_forget(enum stage stage, struct arena *arena, struct decision *decision)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (is_asked_at(rules[i], stage))
            decision->judged[i] = (struct judged){0};
    fold(decision, arena);
}
