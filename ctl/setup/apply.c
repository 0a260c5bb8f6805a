/* Carrying out a plan row by row, and taking it back when a row fails. */
#include "ctl/setup/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mta/program.h"

#define SECONDS 120

static bool is_same_file(const struct place_file *a, const struct place_file *b)
{
    return a->exists == b->exists &&
           (!a->exists || (bytes_equal(a->content, b->content) && a->mode == b->mode &&
                           a->user == b->user && a->group == b->group));
}

static bool back_up(const struct plan *plan, struct backup *backup, struct error *error)
{
    static const struct place_file nothing = {0};
    for (struct plan_row *row = plan->rows; row; row = row->next) {
        struct place_file now;
        if (row->kind == PLAN_FOLDER && !backup_add_folder(backup, row->path, error))
            return false;
        if (row->kind != PLAN_FILE && row->kind != PLAN_REMOVE)
            continue;
        if (!place_read(plan->arena, row->path, &now, error))
            return false;
        if (!is_same_file(&now, &row->from))
            return error_set(error, "%s was changed while this was being planned: run it again",
                             row->path);
        const struct place_file *after = row->kind == PLAN_FILE ? &row->to : &nothing;
        if (!backup_add_file(backup, row->path, &row->from, after, error))
            return false;
    }
    return backup_save(backup, error);
}

static bool look_up(const struct plan_access *access, uid_t *ret_user, gid_t *ret_group,
                    struct error *error)
{
    struct passwd *user = access->owner ? getpwnam(access->owner) : NULL;
    struct group *group = access->group ? getgrnam(access->group) : NULL;
    if (access->owner && !user)
        return error_set(error, "there is no user \"%s\" on this host", access->owner);
    if (access->group && !group)
        return error_set(error, "there is no group \"%s\" on this host", access->group);
    *ret_user = user ? user->pw_uid : geteuid();
    *ret_group = group ? group->gr_gid : user ? user->pw_gid : getegid();
    return true;
}

static bool write_file(struct plan *plan, struct plan_row *row, struct error *error)
{
    if (!row->exact && !row->from.exists) {
        if (!look_up(&row->access, &row->to.user, &row->to.group, error))
            return false;
        row->to.mode = row->access.mode;
    }
    return place_write(plan->arena, row->path, &row->to, row->path, error);
}

static bool make_folder(const struct plan_row *row, struct error *error)
{
    uid_t user;
    gid_t group;
    if (!look_up(&row->access, &user, &group, error))
        return false;
    if (mkdir(row->path, 0700) < 0)
        return error_set(error, "%s cannot be made: %s", row->path, strerror(errno));
    int fd = open(row->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool done = fd >= 0 && fchown(fd, user, group) == 0 && fchmod(fd, row->access.mode) == 0 &&
                fsync(fd) == 0;
    if (!done)
        error_set(error, "%s cannot be made ready: %s", row->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return done;
}

/* A folder that others put something in stays, and is said. */
static bool remove_folder(struct plan *plan, const struct plan_row *row, struct error *error)
{
    if (rmdir(row->path) == 0 || errno == ENOENT)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EBUSY)
        return error_set(error, "%s cannot be removed: %s", row->path, strerror(errno));
    plan_say(plan, PLAN_NOTE, "%s stays: something is in it", row->path);
    return true;
}

static bool run_command(const struct plan *plan, const struct plan_row *row, struct error *error)
{
    struct program_output output = {0};
    if (program_must_run(plan->arena, row->argv, SECONDS, &output, error))
        return true;
    struct error cause = *error;
    bool silent = output.err.len == 0 && output.out.len == 0;
    return error_set(error, "%s: %s%s", plan_command_text(plan->arena, row->argv), cause.text,
                     silent ? "(it said nothing: see the mail log)" : "");
}

static bool carry_out(struct plan *plan, struct plan_row *row, struct error *error)
{
    switch (row->kind) {
    case PLAN_FOLDER:
        return make_folder(row, error);
    case PLAN_FILE:
        return write_file(plan, row, error);
    case PLAN_REMOVE:
        return place_remove(row->path, error);
    case PLAN_REMOVE_FOLDER:
        return remove_folder(plan, row, error);
    case PLAN_ACTION:
        return row->action(row->context, plan, error);
    case PLAN_COMMAND:
        return run_command(plan, row, error);
    }
    return false;
}

/* What is still as it was is not written: a full disk would not have it. */
static bool take_file_back(struct plan *plan, const struct plan_row *row, struct error *error)
{
    struct place_file now;
    if (!place_read(plan->arena, row->path, &now, error))
        return false;
    if (is_same_file(&now, &row->from))
        return true;
    return row->from.exists ? place_write(plan->arena, row->path, &row->from, row->path, error)
                            : place_remove(row->path, error);
}

static bool take_back(struct plan *plan, const struct plan_row *row, struct error *error)
{
    if (row->kind == PLAN_FILE || row->kind == PLAN_REMOVE)
        return take_file_back(plan, row, error);
    if (row->kind == PLAN_FOLDER)
        rmdir(row->path); /* what a daemon has put there meanwhile keeps it */
    return true;
}

/* The last first. */
static bool take_back_from(struct plan *plan, const struct plan_row *row, struct error *error)
{
    if (!row || !row->done)
        return true;
    bool after = take_back_from(plan, row->next, error);
    return take_back(plan, row, error) && after;
}

static void roll_back(struct plan *plan, struct backup *backup, size_t entries, struct error *error)
{
    struct error cause = *error;
    struct error problem;
    if (!take_back_from(plan, plan->rows, &problem) || !backup_cut(backup, entries, &problem)) {
        error_set(error, "%s. Not everything could be put back: %s; the old contents are in %s",
                  cause.text, problem.text, backup->folder);
        return;
    }
    error_set(error, "%s. Everything was put back as it was", cause.text);
    for (const struct plan_row *row = plan->rows; row; row = row->next)
        if (row->done && row->kind == PLAN_COMMAND && row->again &&
            !run_command(plan, row, &problem)) {
            cause = *error;
            error_set(error, "%s; then: %s", cause.text, problem.text);
        }
}

bool apply_plan(struct plan *plan, struct backup *backup, struct error *error)
{
    size_t entries = backup->count;
    struct error ignored;
    if (!plan_good(plan, error))
        return false;
    if (!back_up(plan, backup, error)) {
        struct error cause = *error;
        if (!backup_cut(backup, entries, &ignored))
            error_set(error, "%s; and %s", cause.text, ignored.text);
        return false;
    }
    for (struct plan_row *row = plan->rows; row; row = row->next) {
        row->done = true; /* also where it fails: half of it may have been done */
        if (carry_out(plan, row, error))
            continue;
        roll_back(plan, backup, entries, error);
        return false;
    }
    return true;
}
