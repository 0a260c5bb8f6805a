/* Showing a plan as text: diffs, what runs, DNS records, what to know. */
#include "ctl/setup/show.h"

#include <stdio.h>

#include "ctl/setup/diff.h"

#define MOST_STRING ((size_t)255) /* RFC 1035 3.3: one character-string */

static void show_file(const struct plan *plan, const struct plan_row *row)
{
    struct bytes text;
    struct error error;
    if (row->secret)
        printf("# %s: its content is not shown\n", row->path);
    else if (diff_of_row(plan->arena, row, &text, &error))
        fwrite(text.data, 1, text.len, stdout);
    else
        printf("# %s: %s\n", row->path, error.text);
    if (row->kind == PLAN_FILE && !row->from.exists && !row->exact)
        printf("# %s: new, mode %04o%s%s%s%s\n", row->path, (unsigned)row->access.mode,
               row->access.owner ? ", owner " : "", row->access.owner ? row->access.owner : "",
               row->access.group ? ", group " : "", row->access.group ? row->access.group : "");
}

static void show_row(const struct plan *plan, const struct plan_row *row)
{
    if (row->what)
        printf("# %s\n", row->what);
    switch (row->kind) {
    case PLAN_FOLDER:
        printf("+ install -d");
        if (row->access.owner)
            printf(" -o %s", row->access.owner);
        if (row->access.group)
            printf(" -g %s", row->access.group);
        printf(" -m %04o %s\n", (unsigned)row->access.mode, row->path);
        break;
    case PLAN_FILE:
    case PLAN_REMOVE:
        show_file(plan, row);
        break;
    case PLAN_REMOVE_FOLDER:
        printf("+ rmdir %s\n", row->path);
        break;
    case PLAN_ACTION:
        break;
    case PLAN_COMMAND:
        printf("+ %s\n", plan_command_text(plan->arena, row->argv));
        break;
    }
}

static void show_records(const struct plan *plan)
{
    if (plan->records)
        puts("\nTo publish in DNS:\n");
    for (const struct plan_record *record = plan->records; record; record = record->next) {
        struct bytes value = bytes_of(record->value);
        printf("%s. IN TXT (", record->name);
        for (size_t at = 0; at < value.len; at += MOST_STRING) {
            struct bytes string = bytes_slice(value, at, at + MOST_STRING);
            printf("%s\"%.*s\"", at ? "\n        " : " ", (int)string.len, string.data);
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
            printf("\n%s\n", title);
        title = NULL;
        printf("%s%s\n", mark, line->text);
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
    fflush(stdout);
}
