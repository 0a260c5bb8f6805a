/* Which policies are meant, their rewording, and the check that it has the effect that it is to
 * have. */
#include "ctl/enforce/change.h"

#include <string.h>

#include "conf/reword.h"

static bool read_before(struct arena *arena, const struct change_wanted *wanted,
                        struct change *change, struct error *error)
{
    struct file *old = NULL;
    if (!files_read(wanted->config, arena, &old, &change->file_count, error))
        return false;
    change->old = old;
    change->files = arena_alloc(arena, change->file_count * sizeof *change->files);
    if (!change->files)
        return error_set(error, "memory is out");
    memcpy(change->files, old, change->file_count * sizeof *old);
    return settings_load_files(wanted->config, change->old, change->file_count, &change->before,
                               error) &&
           (!wanted->policy || modes_have_policy(change->before, wanted->policy, error)) &&
           (!wanted->group || modes_have_group(change->before, wanted->group, error));
}

static bool takes_action(const struct change_wanted *wanted, enum rule_id rule, struct error *error)
{
    char allowed[100] = "";
    if (!wanted->action)
        return true;
    for (int action = ACTION_ACCEPT; action <= ACTION_REJECT; action++) {
        const char *word = action_word((enum action)action);
        if (!(rules[rule]->actions & RULE_ACTION(action)))
            continue;
        if (strcmp(word, wanted->action) == 0)
            return true;
        strncat(allowed, *allowed ? ", " : "", sizeof allowed - strlen(allowed) - 1);
        strncat(allowed, word, sizeof allowed - strlen(allowed) - 1);
    }
    return error_set(error, "%s has no action \"%s\"; there are: %s", rules[rule]->name,
                     wanted->action, allowed);
}

static bool is_as_wanted(const struct change_wanted *wanted, const struct mode_row *row)
{
    return row->mode == wanted->mode &&
           (!wanted->action || strcmp(action_word(row->action), wanted->action) == 0);
}

static bool is_named(const struct change_wanted *wanted, const struct mode_row *row)
{
    if (wanted->group)
        return row->group && strcmp(row->group, wanted->group) == 0;
    return !row->group && (!wanted->policy || strcmp(row->policy, wanted->policy) == 0);
}

/* Unless it is named, what is off stays off, what follows goes on following, and who has that mode
 * keeps the action, too. */
static bool is_meant(const struct change_wanted *wanted, const struct mode_row *row)
{
    if (!is_named(wanted, row) || is_as_wanted(wanted, row))
        return false;
    return wanted->policy || wanted->group ||
           (row->mode != wanted->mode && row->mode != MODE_OFF && !row->follows);
}

static bool reword_row(struct arena *arena, const struct change_wanted *wanted, enum rule_id rule,
                       const struct mode_row *row, struct change *change, struct error *error)
{
    struct reword reword = {.policy = row->group ? NULL : row->policy,
                            .group = row->group,
                            .rule = rule,
                            .key = "mode",
                            .word = mode_word(wanted->mode)};
    if ((row->group || row->mode != wanted->mode) &&
        !reword_files(arena, change->before, change->files, change->file_count, &reword, error))
        return false;
    reword.key = "action";
    reword.word = wanted->action;
    return !wanted->action ||
           reword_files(arena, change->before, change->files, change->file_count, &reword, error);
}

static bool reword_rule(struct arena *arena, const struct change_wanted *wanted, enum rule_id rule,
                        struct change *change, struct error *error)
{
    struct mode_rows rows;
    if (!modes_of_rule(change->before, rule, arena, &rows))
        return error_set(error, "memory is out");
    for (size_t i = 0; i < rows.count; i++) {
        if (!is_meant(wanted, &rows.rows[i]))
            continue;
        if (!reword_row(arena, wanted, rule, &rows.rows[i], change, error))
            return false;
        if (wanted->group) /* said once for all policies that it has a say in */
            return true;
    }
    return true;
}

static void add(struct change_row *list, size_t *count, const struct change_row *row)
{
    list[(*count)++] = *row;
}

/* Who reads that a policy becomes another would take it for all users. */
static bool is_left(const struct change_wanted *wanted, const struct mode_row *row)
{
    return !wanted->group && row->group && row->mode != MODE_OFF && !is_as_wanted(wanted, row) &&
           (!wanted->policy || strcmp(row->policy, wanted->policy) == 0);
}

/* Where nobody is named and the rule is off everywhere, nobody can tell who is meant. */
static bool has_that_mode(const struct change_wanted *wanted, enum rule_id rule,
                          const struct mode_rows *rows, struct error *error)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].mode == wanted->mode)
            return true;
    return error_set(error, "%s is off in every policy: name the one that is meant with --policy",
                     rules[rule]->name);
}

/* Settings of before and after have the same policies and groups in the same order. */
static bool compare_rule(struct arena *arena, const struct change_wanted *wanted, enum rule_id rule,
                         struct change *change, struct error *error)
{
    struct mode_rows before;
    struct mode_rows after;
    if (!modes_of_rule(change->before, rule, arena, &before) ||
        !modes_of_rule(change->after, rule, arena, &after))
        return error_set(error, "memory is out");
    for (size_t i = 0; i < before.count; i++) {
        const struct change_row compared = {rule, before.rows[i], after.rows[i]};
        const struct mode_row *row = &after.rows[i];
        if (before.rows[i].mode != row->mode || before.rows[i].action != row->action)
            add(change->rows, &change->row_count, &compared);
        else if (is_left(wanted, row))
            add(change->stays, &change->stay_count, &compared);
        if (is_meant(wanted, &before.rows[i]) && !is_as_wanted(wanted, row))
            return error_set(error,
                             "%s in %s would not be what is wanted after this edit: nothing was "
                             "changed",
                             rules[rule]->name, row->policy);
    }
    return has_that_mode(wanted, rule, &after, error);
}

static bool compare(struct arena *arena, const struct change_wanted *wanted, struct change *change,
                    struct error *error)
{
    struct mode_rows rows;
    if (!modes_of_rule(change->before, RULE_tls, arena, &rows))
        return error_set(error, "memory is out");
    size_t most = rows.count * wanted->rule_count;
    change->rows = arena_alloc(arena, most * sizeof *change->rows);
    change->stays = arena_alloc(arena, most * sizeof *change->stays);
    if (!change->rows || !change->stays)
        return error_set(error, "memory is out");
    for (size_t i = 0; i < wanted->rule_count; i++)
        if (!compare_rule(arena, wanted, wanted->rules[i], change, error))
            return false;
    return true;
}

bool change_prepare(struct arena *arena, const struct change_wanted *wanted,
                    struct change *ret_change, struct error *error)
{
    *ret_change = (struct change){0};
    if (!read_before(arena, wanted, ret_change, error))
        return false;
    for (size_t i = 0; i < wanted->rule_count; i++)
        if (!takes_action(wanted, wanted->rules[i], error) ||
            !reword_rule(arena, wanted, wanted->rules[i], ret_change, error))
            return false;
    if (!settings_load_files(wanted->config, ret_change->files, ret_change->file_count,
                             &ret_change->after, error))
        return error_prefix(error, "the configuration would not load: ");
    return compare(arena, wanted, ret_change, error);
}

void change_done(struct change *change)
{
    settings_unref(change->before);
    settings_unref(change->after);
}
