/* Makes mode and action choices like any others, and turns the chosen words back into a mode, a
 * variant and an action. */
#include "conf/rule_rows.h"

#include "conf/fill.h"

static const enum mode modes[] = {MODE_ENFORCE, MODE_OBSERVE, MODE_OFF};
#define MODES (sizeof modes / sizeof *modes)

/* The heaviest first. */
static const enum action actions[] = {ACTION_REJECT, ACTION_TEMPFAIL, ACTION_QUARANTINE, ACTION_FIX,
                                      ACTION_ACCEPT};
#define ACTIONS (sizeof actions / sizeof *actions)

static size_t count_words(const char *const *words)
{
    size_t count = 0;
    while (words && words[count])
        count++;
    return count;
}

static bool add_mode_row(const struct rule *rule, struct arena *arena, struct option_row *row)
{
    size_t own = count_words(rule->mode_words);
    const char **choices = arena_alloc(arena, (MODES + own + 1) * sizeof *choices);
    if (!choices)
        return false;
    for (size_t i = 0; i < MODES; i++)
        choices[i] = mode_word(modes[i]);
    for (size_t i = 0; i < own; i++)
        choices[MODES + i] = rule->mode_words[i];
    *row = (struct option_row){
        .name = "mode",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct rule_words, mode),
        .default_value = "\"enforce\"",
        .choices = choices,
        .help = "enforce applies the rule; observe judges and records only; off does not ask it."};
    return true;
}

static bool add_action_row(const struct rule *rule, struct arena *arena, struct option_row *row)
{
    const char **choices = arena_alloc(arena, (ACTIONS + 1) * sizeof *choices);
    if (!choices)
        return false;
    for (size_t i = 0, count = 0; i < ACTIONS; i++)
        if (rule->actions & RULE_ACTION(actions[i]))
            choices[count++] = action_word(actions[i]);
    const char *usual = arena_printf(arena, "\"%s\"", action_word(rule->default_action));
    *row = (struct option_row){.name = "action",
                               .type = OPTION_CHOICE,
                               .offset = offsetof(struct rule_words, action),
                               .default_value = usual,
                               .choices = choices,
                               .help = "What a violation leads to when the rule is enforced."};
    return usual != NULL;
}

const struct option_row *rule_rows_new(const struct rule *rule, struct arena *arena)
{
    size_t own = 0;
    while (rule->options && rule->options[own].name)
        own++;
    struct option_row *rows = arena_alloc(arena, (RULE_WORDS_ROWS + own + 1) * sizeof *rows);
    if (!rows || !add_mode_row(rule, arena, &rows[0]) || !add_action_row(rule, arena, &rows[1]))
        return NULL;
    for (size_t i = 0; i < own; i++)
        rows[RULE_WORDS_ROWS + i] = rule->options[i];
    return rows;
}

static void set_mode(int choice, struct rule_settings *settings)
{
    bool own = (size_t)choice >= MODES;
    settings->mode = own ? MODE_ENFORCE : modes[choice];
    settings->variant = own ? choice - (int)MODES : 0;
}

static void set_action(const struct rule *rule, int choice, struct rule_settings *settings)
{
    for (size_t i = 0; i < ACTIONS; i++)
        if ((rule->actions & RULE_ACTION(actions[i])) && choice-- == 0)
            settings->action = actions[i];
}

bool rule_rows_defaults(const struct rule *rule, const struct option_row *rows, struct arena *arena,
                        struct rule_settings *settings, struct error *error)
{
    settings->mode = MODE_ENFORCE;
    settings->action = rule->default_action;
    return fill_all(rows + RULE_WORDS_ROWS, NULL, arena, settings, error);
}

bool rule_rows_override(const struct rule *rule, const struct option_row *rows,
                        const struct node *group, struct arena *arena,
                        struct rule_settings *settings, struct error *error)
{
    struct rule_words words = {0};
    const struct node *mode = node_member(group, rows[0].name);
    const struct node *action = node_member(group, rows[1].name);
    if (mode && !value_read(&rows[0], mode, arena, &words, error))
        return false;
    if (action && !value_read(&rows[1], action, arena, &words, error))
        return false;
    if (mode)
        set_mode(words.mode, settings);
    if (action)
        set_action(rule, words.action, settings);
    return fill_written(rows + RULE_WORDS_ROWS, group, arena, settings, error);
}
