/* Which policies are meant, their rewording, and the check that it has the effect that it is to
 * have. */
#include "ctl/enforce/edit.h"

#include <string.h>

#include "conf/reword.h"

static bool read_before(struct arena *arena, const struct edit_wanted *wanted, struct edit *edit,
                        struct error *error)
{
    struct file *old = NULL;
    if (!files_read(wanted->config, arena, &old, &edit->file_count, error))
        return false;
    edit->old = old;
    edit->files = arena_alloc(arena, edit->file_count * sizeof *edit->files);
    if (!edit->files)
        return error_set(error, "memory is out");
    memcpy(edit->files, old, edit->file_count * sizeof *old);
    return settings_load_files(wanted->config, edit->old, edit->file_count, &edit->before, error) &&
           (!wanted->policy || modes_have_policy(edit->before, wanted->policy, error)) &&
           (!wanted->group || modes_have_group(edit->before, wanted->group, error));
}

static bool takes_action(const struct edit_wanted *wanted, enum rule_id rule, struct error *error)
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

static bool is_as_wanted(const struct edit_wanted *wanted, const struct mode_row *row)
{
    return row->mode == wanted->mode &&
           (!wanted->action || strcmp(action_word(row->action), wanted->action) == 0);
}

/* Without a policy's or group's name those are meant that judge and do the opposite; what is off
 * stays off. */
static bool is_meant(const struct edit_wanted *wanted, const struct mode_row *row)
{
    if (is_as_wanted(wanted, row))
        return false;
    if (wanted->group)
        return row->group && strcmp(row->group, wanted->group) == 0;
    if (row->group)
        return false;
    if (wanted->policy)
        return strcmp(row->policy, wanted->policy) == 0;
    return row->mode != MODE_OFF && !row->follows;
}

static bool reword_row(struct arena *arena, const struct edit_wanted *wanted, enum rule_id rule,
                       const struct mode_row *row, struct edit *edit, struct error *error)
{
    struct reword reword = {.policy = row->group ? NULL : row->policy,
                            .group = row->group,
                            .rule = rule,
                            .key = "mode",
                            .word = mode_word(wanted->mode)};
    if ((row->group || row->mode != wanted->mode) &&
        !reword_files(arena, edit->before, edit->files, edit->file_count, &reword, error))
        return false;
    reword.key = "action";
    reword.word = wanted->action;
    return !wanted->action ||
           reword_files(arena, edit->before, edit->files, edit->file_count, &reword, error);
}

static bool reword_rule(struct arena *arena, const struct edit_wanted *wanted, enum rule_id rule,
                        struct edit *edit, struct error *error)
{
    struct mode_rows rows;
    if (!modes_of_rule(edit->before, rule, arena, &rows))
        return error_set(error, "memory is out");
    for (size_t i = 0; i < rows.count; i++) {
        if (!is_meant(wanted, &rows.rows[i]))
            continue;
        if (!reword_row(arena, wanted, rule, &rows.rows[i], edit, error))
            return false;
        if (wanted->group) /* said once for all policies that it has a say in */
            return true;
    }
    return true;
}

static void add(struct edit_change *list, size_t *count, const struct edit_change *change)
{
    list[(*count)++] = *change;
}

/* Settings of before and after have the same policies and groups in the same order. */
static bool compare_rule(struct arena *arena, const struct edit_wanted *wanted, enum rule_id rule,
                         struct edit *edit, struct error *error)
{
    struct mode_rows before;
    struct mode_rows after;
    if (!modes_of_rule(edit->before, rule, arena, &before) ||
        !modes_of_rule(edit->after, rule, arena, &after))
        return error_set(error, "memory is out");
    for (size_t i = 0; i < before.count; i++) {
        const struct edit_change change = {rule, before.rows[i], after.rows[i]};
        const struct mode_row *row = &after.rows[i];
        if (before.rows[i].mode != row->mode || before.rows[i].action != row->action)
            add(edit->changes, &edit->change_count, &change);
        else if (row->mode != MODE_OFF && !is_as_wanted(wanted, row))
            add(edit->stays, &edit->stay_count, &change);
        if (is_meant(wanted, &before.rows[i]) && !is_as_wanted(wanted, row))
            return error_set(error,
                             "%s in %s would not be what is wanted after this edit: nothing was "
                             "changed",
                             rules[rule]->name, row->policy);
    }
    return true;
}

static bool compare(struct arena *arena, const struct edit_wanted *wanted, struct edit *edit,
                    struct error *error)
{
    struct mode_rows rows;
    if (!modes_of_rule(edit->before, RULE_tls, arena, &rows))
        return error_set(error, "memory is out");
    size_t most = rows.count * wanted->rule_count;
    edit->changes = arena_alloc(arena, most * sizeof *edit->changes);
    edit->stays = arena_alloc(arena, most * sizeof *edit->stays);
    if (!edit->changes || !edit->stays)
        return error_set(error, "memory is out");
    for (size_t i = 0; i < wanted->rule_count; i++)
        if (!compare_rule(arena, wanted, wanted->rules[i], edit, error))
            return false;
    return true;
}

bool edit_prepare(struct arena *arena, const struct edit_wanted *wanted, struct edit *ret_edit,
                  struct error *error)
{
    *ret_edit = (struct edit){0};
    if (!read_before(arena, wanted, ret_edit, error))
        return false;
    for (size_t i = 0; i < wanted->rule_count; i++)
        if (!takes_action(wanted, wanted->rules[i], error) ||
            !reword_rule(arena, wanted, wanted->rules[i], ret_edit, error))
            return false;
    if (!settings_load_files(wanted->config, ret_edit->files, ret_edit->file_count,
                             &ret_edit->after, error))
        return error_prefix(error, "the configuration would not load: ");
    return compare(arena, wanted, ret_edit, error);
}

void edit_done(struct edit *edit)
{
    settings_unref(edit->before);
    settings_unref(edit->after);
}
