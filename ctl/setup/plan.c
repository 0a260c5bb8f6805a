/* Building a plan: rows for what is not so yet. */
#include "ctl/setup/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/shell.h"

struct plan *plan_new(struct arena *arena, const char *mta)
{
    struct plan *plan = arena_alloc(arena, sizeof *plan);
    if (plan)
        *plan = (struct plan){.arena = arena, .mta = mta};
    return plan;
}

bool plan_good(const struct plan *plan, struct error *error)
{
    if (plan->failed)
        *error = plan->error;
    else if (arena_failed(plan->arena))
        error_set(error, "memory is out");
    else
        return true;
    return false;
}

static const char *copied(struct plan *plan, const char *text)
{
    return text ? arena_text(plan->arena, bytes_of(text)) : NULL;
}

static struct plan_access copied_access(struct plan *plan, const struct plan_access *access)
{
    return (struct plan_access){access->mode, copied(plan, access->owner),
                                copied(plan, access->group)};
}

static struct plan_row *add(struct plan *plan, enum plan_kind kind, const char *path)
{
    struct plan_row *row = arena_alloc(plan->arena, sizeof *row);
    if (!row)
        return NULL;
    *row = (struct plan_row){.kind = kind, .path = copied(plan, path)};
    if (plan->last_row)
        plan->last_row->next = row;
    else
        plan->rows = row;
    plan->last_row = row;
    return row;
}

/* The first error stays. */
static bool read_now(struct plan *plan, const char *path, struct place_file *ret)
{
    struct error error;
    if (place_read(plan->arena, path, ret, &error))
        return true;
    if (!plan->failed)
        plan->error = error;
    plan->failed = true;
    return false;
}

struct plan_row *plan_file(struct plan *plan, const char *path, struct bytes content,
                           struct plan_access access)
{
    struct place_file from;
    const char *real = place_real_path(plan->arena, path);
    if (!real || !read_now(plan, real, &from) ||
        (from.exists && bytes_equal(from.content, content)))
        return NULL;
    struct plan_row *row = add(plan, PLAN_FILE, real);
    if (!row)
        return NULL;
    if (*path == '/' && strcmp(real, path) != 0)
        row->given = copied(plan, path);
    row->from = from;
    row->to = from;
    row->to.exists = true;
    row->to.content = content;
    row->access = copied_access(plan, &access);
    return row;
}

struct plan_row *plan_restore(struct plan *plan, const char *path, const struct place_file *file)
{
    struct place_file from;
    if (!read_now(plan, path, &from) ||
        (from.exists && bytes_equal(from.content, file->content) && from.mode == file->mode &&
         from.user == file->user && from.group == file->group))
        return NULL;
    struct plan_row *row = add(plan, PLAN_FILE, path);
    if (!row)
        return NULL;
    row->from = from;
    row->to = *file;
    row->exact = true;
    return row;
}

struct plan_row *plan_remove(struct plan *plan, const char *path)
{
    struct place_file from;
    if (!read_now(plan, path, &from) || !from.exists)
        return NULL;
    struct plan_row *row = add(plan, PLAN_REMOVE, path);
    if (row)
        row->from = from;
    return row;
}

static bool is_planned(const struct plan *plan, const char *folder)
{
    for (const struct plan_row *row = plan->rows; row; row = row->next)
        if (row->kind == PLAN_FOLDER && row->path && strcmp(row->path, folder) == 0)
            return true;
    return false;
}

struct plan_row *plan_folder(struct plan *plan, const char *path, struct plan_access access)
{
    static const struct plan_access above = {.mode = 0755};
    struct stat status;
    path = place_real_path(plan->arena, path);
    if (!path || stat(path, &status) == 0 || is_planned(plan, path))
        return NULL;
    const char *parent = place_folder_of(plan->arena, path);
    if (parent && strcmp(parent, path) != 0)
        plan_folder(plan, parent, above);
    struct plan_row *row = add(plan, PLAN_FOLDER, path);
    if (row)
        row->access = copied_access(plan, &access);
    return row;
}

struct plan_row *plan_remove_folder(struct plan *plan, const char *path)
{
    return access(path, F_OK) == 0 ? add(plan, PLAN_REMOVE_FOLDER, path) : NULL;
}

struct plan_row *plan_act(struct plan *plan, const char *what, plan_action *action, void *context)
{
    struct plan_row *row = add(plan, PLAN_ACTION, NULL);
    if (!row)
        return NULL;
    row->what = copied(plan, what);
    row->action = action;
    row->context = context;
    return row;
}

const char *const *plan_words(struct plan *plan, const char *const argv[])
{
    size_t count = 0;
    while (argv[count])
        count++;
    const char **copy = arena_alloc(plan->arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = copied(plan, argv[i]);
    return copy;
}

struct plan_row *plan_command(struct plan *plan, const char *what, const char *const argv[])
{
    const char *const *copy = plan_words(plan, argv);
    struct plan_row *row = copy ? add(plan, PLAN_COMMAND, NULL) : NULL;
    if (!row)
        return NULL;
    row->what = copied(plan, what);
    row->argv = copy;
    return row;
}

void plan_say(struct plan *plan, enum plan_say kind, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct plan_line *line = arena_alloc(plan->arena, sizeof *line);
    if (!line)
        return;
    *line = (struct plan_line){kind, arena_text(plan->arena, bytes_of(text)), NULL};
    if (plan->last_line)
        plan->last_line->next = line;
    else
        plan->lines = line;
    plan->last_line = line;
}

void plan_dns(struct plan *plan, const char *name, const char *value)
{
    struct plan_record *record = arena_alloc(plan->arena, sizeof *record);
    if (!record)
        return;
    *record = (struct plan_record){name, value, NULL};
    if (plan->last_record)
        plan->last_record->next = record;
    else
        plan->records = record;
    plan->last_record = record;
}

bool plan_pending(const struct plan *plan)
{
    return plan->rows != NULL;
}

const char *plan_command_text(struct arena *arena, const char *const argv[])
{
    const char *text = "";
    for (size_t i = 0; text && argv[i]; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " " : "", shell_quote(arena, argv[i]));
    return text;
}
