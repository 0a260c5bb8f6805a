/* Showing a plan as text: diffs, what runs, DNS records, what to know. */
#include "ctl/setup/show.h"

#include <stdarg.h>
#include <stdio.h>

#include "ctl/plain.h"
#include "ctl/setup/diff.h"
#include "policy/shell.h"

#define MOST_STRING ((size_t)255) /* RFC 1035 3.3: one character-string */

/* As printf, with what configurations say made plain. */
static void say(const struct plan *plan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct plan *plan, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(plan->arena, format, args);
    va_end(args);
    plain_write(stdout, bytes_of(text ? text : "(memory is out)\n"));
}

static void show_file(const struct plan *plan, const struct plan_row *row)
{
    struct bytes text;
    struct error error;
    const struct plan_access *access = &row->access;
    if (row->secret)
        say(plan, "# %s: its content is not shown\n", row->path);
    else if (diff_of_row(plan->arena, row, &text, &error))
        plain_write(stdout, text);
    else
        say(plan, "# %s: %s\n", row->path, error.text);
    if (row->kind == PLAN_FILE && !row->from.exists && !row->exact)
        say(plan, "# %s: new, mode %04o%s%s%s%s\n", row->path, (unsigned)access->mode,
            access->owner ? ", owner " : "", access->owner ? access->owner : "",
            access->group ? ", group " : "", access->group ? access->group : "");
}

static void show_folder(const struct plan *plan, const struct plan_row *row)
{
    char mode[8];
    const char *argv[10] = {"install", "-d"};
    size_t count = 2;
    if (row->access.owner) {
        argv[count++] = "-o";
        argv[count++] = row->access.owner;
    }
    if (row->access.group) {
        argv[count++] = "-g";
        argv[count++] = row->access.group;
    }
    snprintf(mode, sizeof mode, "%04o", (unsigned)row->access.mode);
    argv[count++] = "-m";
    argv[count++] = mode;
    argv[count] = row->path;
    say(plan, "+ %s\n", plan_command_text(plan->arena, argv));
}

static void show_row(const struct plan *plan, const struct plan_row *row)
{
    if (row->what)
        say(plan, "# %s\n", row->what);
    switch (row->kind) {
    case PLAN_FOLDER:
        show_folder(plan, row);
        break;
    case PLAN_FILE:
    case PLAN_REMOVE:
        show_file(plan, row);
        break;
    case PLAN_REMOVE_FOLDER:
        say(plan, "+ rmdir %s\n", shell_quote(plan->arena, row->path));
        break;
    case PLAN_ACTION:
        break;
    case PLAN_COMMAND:
        say(plan, "+ %s%s%s\n", row->only_if ? plan_command_text(plan->arena, row->only_if) : "",
            row->only_if ? " && " : "", plan_command_text(plan->arena, row->argv));
        break;
    }
}

static void show_records(const struct plan *plan)
{
    if (plan->records)
        puts("\nTo publish in DNS:\n");
    for (const struct plan_record *record = plan->records; record; record = record->next) {
        struct bytes value = bytes_of(record->value);
        say(plan, "%s. IN TXT (", record->name);
        for (size_t at = 0; at < value.len; at += MOST_STRING) {
            struct bytes string = bytes_slice(value, at, at + MOST_STRING);
            say(plan, "%s\"%.*s\"", at ? "\n        " : " ", (int)string.len, string.data);
        }
        puts(" )");
    }
}

static void show_lines(const struct plan *plan, enum plan_say kind, const char *title,
                       const char *mark)
{
    for (const struct plan_line *line = plan->lines; line; line = line->next) {
        if (line->kind != kind)
            continue;
        if (title)
            say(plan, "\n%s\n", title);
        title = NULL;
        say(plan, "%s%s\n", mark, line->text);
    }
}

void show_text(const struct plan *plan, const struct show_outcome *outcome)
{
    for (const struct plan_row *row = plan->rows; row; row = row->next)
        show_row(plan, row);
    if (plan_pending(plan))
        show_records(plan);
    show_lines(plan, PLAN_WARNING, "Warnings", "  ! ");
    show_lines(plan, PLAN_NOTE, "Notes", "  - ");
    if (!outcome->error)
        show_lines(plan, PLAN_NEXT, "Next", "  ");
    putchar('\n');
}
