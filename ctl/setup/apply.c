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

#include "ctl/setup/hold.h"
#include "mta/program.h"

#define SECONDS 120

static bool is_of_file(const struct plan_row *row)
{
    return row->kind == PLAN_FILE || row->kind == PLAN_REMOVE;
}

/* Before anything is changed. */
static bool look_at(const struct plan *plan, struct error *error)
{
    for (const struct plan_row *row = plan->rows; row; row = row->next) {
        struct place_file now;
        if (!is_of_file(row))
            continue;
        if (!place_check(plan->arena, row->path, error) ||
            !place_read(plan->arena, row->path, &now, error))
            return false;
        if (!place_same(&now, &row->from))
            return error_set(error, "%s was changed while this was being planned: run it again",
                             row->path);
    }
    return true;
}

static bool back_up(const struct plan *plan, struct backup *backup, struct error *error)
{
    static const struct place_file nothing = {0};
    size_t entries = backup->count;
    for (struct plan_row *row = plan->rows; row; row = row->next) {
        const struct place_file *after = row->kind == PLAN_FILE ? &row->to : &nothing;
        if (row->kind == PLAN_FOLDER && !backup_add_folder(backup, row->path, error))
            return false;
        if (is_of_file(row) &&
            !backup_add_file(backup, row->path, row->given, &row->from, after, error))
            return false;
    }
    return backup_begin(backup, entries, error);
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
    return place_write(plan->arena, row->path, &row->to, row->path, &row->from, error);
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

static bool run(const struct plan *plan, const char *const argv[], struct error *error)
{
    struct program_output output = {0};
    if (program_must_run(plan->arena, argv, SECONDS, &output, error))
        return true;
    struct error cause = *error;
    bool silent = output.err.len == 0 && output.out.len == 0;
    return error_set(error, "%s: %s%s", plan_command_text(plan->arena, argv), cause.text,
                     silent ? " (it said nothing itself; the mail log may)" : "");
}

/* COMMAND and ACTION. */
static bool do_row(struct plan *plan, const struct plan_row *row, struct error *error)
{
    struct error ignored;
    if (row->kind == PLAN_ACTION)
        return row->action(row->context, plan, error);
    if (row->only_if && !run(plan, row->only_if, &ignored))
        return true;
    return run(plan, row->argv, error);
}

/* What comes when all is done already. */
static bool do_or_say(struct plan *plan, const struct plan_row *row, struct error *error)
{
    struct error problem;
    if (!row->may_fail)
        return do_row(plan, row, error);
    if (!do_row(plan, row, &problem))
        plan->trouble = arena_printf(plan->arena, "%s%s%s", plan->trouble ? plan->trouble : "",
                                     plan->trouble ? "; " : "", problem.text);
    return true;
}

static bool carry_out(struct plan *plan, struct plan_row *row, struct error *error)
{
    switch (row->kind) {
    case PLAN_FOLDER:
        return make_folder(row, error);
    case PLAN_FILE:
        row->written = write_file(plan, row, error);
        return row->written;
    case PLAN_REMOVE:
        row->written = place_remove(plan->arena, row->path, &row->from, error);
        return row->written;
    case PLAN_REMOVE_FOLDER:
        return remove_folder(plan, row, error);
    case PLAN_ACTION:
    case PLAN_COMMAND:
        return do_or_say(plan, row, error);
    }
    return false;
}

/* Taking back */

struct rollback {
    struct plan *plan;
    struct backup *backup;
    const char *stays; /* for people, with commas between them */
    const char *failed;
};

static void add_to(struct rollback *rollback, const char **list, const char *text)
{
    const char *longer = arena_printf(rollback->plan->arena, "%s%s%s", *list, **list ? ", " : "",
                                      text ? text : "(memory is out)");
    if (longer)
        *list = longer;
}

static void note_failure(struct rollback *rollback, bool done, const struct error *error)
{
    if (!done)
        add_to(rollback, &rollback->failed, error->text);
}

/* What somebody has made of a file while this was at work. */
static bool keep_version(struct rollback *rollback, const struct plan_row *row,
                         const struct place_file *now, struct error *error)
{
    struct place_file copy = {true, now->content, 0600, geteuid(), getegid()};
    const char *name = backup_kept_name(rollback->backup, row->path, 0);
    if (!name)
        return error_set(error, "memory is out");
    plan_say(rollback->plan, PLAN_WARNING,
             "%s was changed while this was at work: that version is kept in %s", row->path, name);
    return place_write(rollback->plan->arena, name, &copy, NULL, NULL, error);
}

/* What is still as it was is not written: a full disk would not have it. */
static bool take_file_back(struct rollback *rollback, const struct plan_row *row,
                           struct error *error)
{
    struct arena *arena = rollback->plan->arena;
    struct place_file now;
    if (!place_read(arena, row->path, &now, error))
        return false;
    if (place_same(&now, &row->from))
        return true;
    bool ours = place_same(&now, &row->to);
    if (!ours && !row->written)
        return true; /* somebody else's, found before it was written over */
    if (!ours && now.exists && !keep_version(rollback, row, &now, error))
        return false;
    return row->from.exists ? place_write(arena, row->path, &row->from, row->path, &now, error)
                            : place_remove(arena, row->path, &now, error);
}

static void take_files_back(struct rollback *rollback, const struct plan_row *row)
{
    struct error error;
    if (!row || !row->done)
        return;
    take_files_back(rollback, row->next);
    if (is_of_file(row))
        note_failure(rollback, take_file_back(rollback, row, &error), &error);
}

static void do_again(struct rollback *rollback)
{
    struct error error;
    for (const struct plan_row *row = rollback->plan->rows; row && row->done; row = row->next)
        if (row->again && (row->kind == PLAN_COMMAND || row->kind == PLAN_ACTION))
            note_failure(rollback, do_row(rollback->plan, row, &error), &error);
}

/* The MTA has let go of the daemon: it may end, and then its folders go. */
static void reverse(struct rollback *rollback, const struct plan_row *row)
{
    struct error error;
    if (!row || !row->done)
        return;
    reverse(rollback, row->next);
    if (row->reverse)
        note_failure(rollback, run(rollback->plan, row->reverse, &error), &error);
    if (row->take_back)
        note_failure(rollback, row->take_back(row->context, rollback->plan, &error), &error);
    if (row->stays)
        add_to(rollback, &rollback->stays, row->stays);
    if (row->kind == PLAN_FOLDER && rmdir(row->path) < 0 && errno != ENOENT)
        add_to(rollback, &rollback->stays, row->path);
}

static void roll_back(struct plan *plan, struct backup *backup, bool keep, size_t entries,
                      struct error *error)
{
    struct rollback rollback = {plan, backup, "", ""};
    struct error cause = *error;
    struct error problem;
    take_files_back(&rollback, plan->rows);
    bool whole = !*rollback.failed;
    do_again(&rollback);
    reverse(&rollback, plan->rows);
    if (whole && keep)
        note_failure(&rollback, backup_cut(backup, entries, &problem), &problem);
    error_set(error, "%s. %s%s%s%s%s%s", cause.text,
              whole ? "Everything was put back as it was" : "Not everything could be put back: ",
              *rollback.failed && whole ? ", but: " : "", rollback.failed,
              *rollback.stays ? "; what stays: " : "", rollback.stays,
              whole ? ""
                    : arena_printf(plan->arena, "; the old contents are in %s", backup->folder));
}

/* Someone who ends this wants it to be as it was. */
static bool check_signals(struct error *error)
{
    int signal = hold_pending();
    return !signal || error_set(error, "ended by a signal (%s)", strsignal(signal));
}

bool apply_plan(struct plan *plan, struct backup *backup, bool keep, struct error *error)
{
    size_t entries = backup->count;
    struct error ignored;
    if (!plan_good(plan, error) || !look_at(plan, error))
        return false;
    if (keep && !back_up(plan, backup, error)) {
        struct error cause = *error;
        if (!backup_cut(backup, entries, &ignored))
            error_set(error, "%s; and %s", cause.text, ignored.text);
        return false;
    }
    for (struct plan_row *row = plan->rows; row; row = row->next) {
        bool going = check_signals(error);
        row->done = going; /* also where it fails: half of it may have been done */
        if (going && carry_out(plan, row, error))
            continue;
        roll_back(plan, backup, keep, entries, error);
        return false;
    }
    return !keep || backup_end(backup, error);
}
