/* What enforce and observe say. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/enforce/enforce.h"
#include "ctl/plain.h"
#include "ctl/reload_hint.h"
#include "ctl/setup/diff.h"
#include "ctl/when.h"
#include "dkim/our_command.h"

#define MOST_PEOPLE 20

static void say(const struct enforce *enforce, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As printf, with what configurations say made plain. */
static void say(const struct enforce *enforce, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(enforce->plan->arena, format, args);
    va_end(args);
    plain_write(stdout, bytes_of(text ? text : "(memory is out)\n"));
}

static const char *where(const struct enforce *enforce, const struct mode_row *row)
{
    struct arena *arena = enforce->plan->arena;
    return row->group ? arena_printf(arena, "for the group %s", row->group)
                      : arena_printf(arena, "in %s", row->policy);
}

static const char *origin(const struct enforce *enforce, const struct mode_row *row)
{
    return row->file ? arena_printf(enforce->plan->arena, " (%s:%u)", row->file, row->line)
                     : " (by default)";
}

/* Whether an earlier row says the same of that group: it has one mode in all policies. */
static bool was_said(const struct change_row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (rows[i].rule == rows[index].rule && rows[i].after.group &&
            strcmp(rows[i].after.group, rows[index].after.group) == 0)
            return true;
    return false;
}

static void show_changes(const struct enforce *enforce)
{
    const struct change *change = &enforce->change;
    for (size_t i = 0; i < change->row_count; i++) {
        const struct change_row *row = &change->rows[i];
        const char *rule = rules[row->rule]->name;
        if (row->after.group && (row->after.follows || was_said(change->rows, i)))
            continue;
        if (row->before.mode != row->after.mode)
            say(enforce, "%s %s: %s%s becomes %s\n", rule, where(enforce, &row->after),
                mode_word(row->before.mode), origin(enforce, &row->before),
                mode_word(row->after.mode));
        if (row->before.action != row->after.action)
            say(enforce, "%s %s: action %s becomes %s\n", rule, where(enforce, &row->after),
                action_word(row->before.action), action_word(row->after.action));
    }
    for (size_t i = 0; i < change->stay_count; i++) {
        const struct mode_row *row = &change->stays[i].after;
        if (!was_said(change->stays, i))
            say(enforce, "%s %s: stays %s%s; --group %s changes that\n",
                rules[change->stays[i].rule]->name, where(enforce, row), mode_word(row->mode),
                origin(enforce, row), row->group);
    }
}

static void show_measure(const struct enforce *enforce)
{
    const struct measure *measure = &enforce->measure;
    char since[WHEN_SIZE];
    struct error error;
    int64_t messages = measure_messages(measure);
    if (!measure->known) {
        say(enforce, "\nWhat that would refuse or defer is not known: %s\n", measure->why.text);
        return;
    }
    when_local_zone(measure->since, since);
    say(enforce, "\nSince %s, of %" PRId64 " message%s that %s judged: ", since, measure->judged,
        measure->judged == 1 ? "" : "s", measure->judged == 1 ? "was" : "were");
    if (!messages) {
        puts("none would have been refused or deferred.");
        return;
    }
    const char *would_be = tally_would_be(&measure->tally, 0, measure->tally.count);
    say(enforce, "%" PRId64 " that went through would have been %s, of %zu %s:\n\n", messages,
        would_be ? would_be : "refused", tally_people(&measure->tally, 0, measure->tally.count),
        tally_people(&measure->tally, 0, measure->tally.count) == 1 ? "person" : "people");
    if (!tally_print_people(&measure->tally, MOST_PEOPLE, stdout, &error))
        say(enforce, "%s\n", error.text);
    say(enforce, "\nThat is by the settings of then; by other ones: %s replay --config NEW\n",
        our_command());
}

static void show_files(const struct enforce *enforce)
{
    struct error error;
    for (const struct plan_row *row = enforce->plan->rows; row; row = row->next) {
        struct bytes text;
        if (row->kind != PLAN_FILE)
            continue;
        putchar('\n');
        if (diff_of_row(enforce->plan->arena, row, &text, &error))
            plain_write(stdout, text);
        else
            say(enforce, "# %s: %s\n", row->path, error.text);
    }
}

/* As far as this program can see. */
static const char *no_daemon(const struct enforce *enforce)
{
    const struct reload *reload = &enforce->reload;
    const char *pid_file = reload->before->pid_file;
    struct arena *arena = enforce->plan->arena;
    const char *why =
        pid_file ? arena_printf(arena, "and the pid_file %s names none that runs", pid_file)
                 : "and no pid_file is set that would name one started otherwise";
    const char *text = arena_printf(
        arena,
        "Written. No daemon was found: no %s runs with %s (--daemon names another program), %s.\n"
        "Where one does run, have it read it:\n"
        "  " RELOAD_HINT,
        reload->daemon, reload->config, why ? why : "");
    return text ? text : "Written. (memory is out)";
}

static const char *result(const struct enforce *enforce)
{
    switch (enforce->outcome) {
    case ENFORCE_AS_IT_WAS:
        return "Nothing has to be changed.";
    case ENFORCE_SHOWN:
        return "Nothing was changed (--dry-run).";
    case ENFORCE_ASKS:
        return "Nothing was changed; --yes does it.";
    case ENFORCE_FAILED:
        return NULL;
    case ENFORCE_DONE:
        break;
    }
    switch (enforce->reload.result) {
    case RELOAD_TAKEN:
        return "Done; it is in force.";
    case RELOAD_UNSEEN:
        return "Written, and the daemon was told; it has not said that it took it: see its log.";
    case RELOAD_NO_DAEMON:
    case RELOAD_NOT_TRIED:
        break;
    }
    return no_daemon(enforce);
}

void enforce_print_text(const struct enforce *enforce)
{
    const char *text = result(enforce);
    show_changes(enforce);
    if (enforce->measured)
        show_measure(enforce);
    show_files(enforce);
    for (const struct plan_line *line = enforce->plan->lines; line; line = line->next)
        say(enforce, "\n  ! %s\n", line->text);
    if (text)
        say(enforce, "%s%s\n", enforce->change.row_count || enforce->change.stay_count ? "\n" : "",
            text);
}
