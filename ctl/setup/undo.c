/* From the manifest to a plan that puts everything back. */
#include "ctl/setup/undo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/setup/undo_chain.h"
#include "ctl/setup/undo_shared.h"

struct undo {
    struct plan *plan;
    const struct backup *backup;
    const struct backup_entry *first;
    const struct undo_wanted *wanted;
    bool force;
    bool config_stays;   /* submilter.conf */
    const char *changed; /* files that are in the way, with blanks between them */
    unsigned kept;       /* names given out */
};

static bool is_of(const struct backup_entry *entry, const struct backup_entry *other)
{
    return entry->kind == BACKUP_FILE && strcmp(entry->path, other->path) == 0;
}

static bool keep_version(struct undo *undo, const char *path, const struct place_file *now)
{
    static const struct plan_access alone = {.mode = 0600};
    const char *kept = backup_kept_name(undo->backup, path, undo->kept++);
    if (!kept)
        return false;
    struct plan_row *row = plan_file(undo->plan, kept, now->content, alone);
    if (row)
        row->secret = true; /* shown once already, as what goes */
    plan_say(undo->plan, PLAN_NOTE, "%s was changed since setup: that version is kept in %s", path,
             kept);
    return true;
}

/* Without force: who has to do with it decides. */
static bool is_in_the_way(struct undo *undo, const char *path, struct error *error)
{
    undo->changed = arena_printf(undo->plan->arena, "%s %s", undo->changed, path);
    return undo->changed || error_set(error, "memory is out");
}

static bool restore(struct undo *undo, const char *path, const struct place_file *now,
                    struct place_file *old)
{
    bool moved = now->exists &&
                 (now->mode != old->mode || now->user != old->user || now->group != old->group);
    if (moved && !undo->force) {
        plan_say(undo->plan, PLAN_NOTE,
                 "the mode or owner of %s was changed since setup, and stays (it was %04o, %u:%u)",
                 path, (unsigned)old->mode, (unsigned)old->user, (unsigned)old->group);
        old->mode = now->mode;
        old->user = now->user;
        old->group = now->group;
    }
    plan_restore(undo->plan, path, old);
    return true;
}

/* The path that was set up was a link, and no longer leads there. */
static bool put_back_given(struct undo *undo, const struct backup_entry *entry,
                           const struct place_file *old, struct error *error)
{
    struct place_file now;
    const char *real = place_real_path(undo->plan->arena, entry->given);
    if (!real || !place_read(undo->plan->arena, real, &now, error))
        return real ? false : error_set(error, "memory is out");
    if (strcmp(real, entry->path) == 0 ||
        (now.exists && old->exists && bytes_equal(now.content, old->content)))
        return true;
    if (!undo->force)
        return is_in_the_way(undo, entry->given, error);
    if (now.exists && !keep_version(undo, real, &now))
        return error_set(error, "memory is out");
    struct place_file wanted = *old;
    plan_say(undo->plan, PLAN_NOTE, "%s led to %s when it was set up: now it holds the old content",
             entry->given, entry->path);
    return !old->exists || restore(undo, real, &now, &wanted);
}

static bool is_there(const struct undo *undo, const char *path)
{
    const char *folder = place_folder_of(undo->plan->arena, path);
    return folder && access(folder, F_OK) == 0;
}

/* With force, of what was changed: the folder that it lay in may be away with all that was there.
 */
static bool put_back_changed(struct undo *undo, const struct backup_entry *entry,
                             const struct place_file *now, struct place_file *old,
                             struct error *error)
{
    if (now->exists && !keep_version(undo, entry->path, now))
        return error_set(error, "memory is out");
    if (old->exists && is_there(undo, entry->path))
        return restore(undo, entry->path, now, old);
    if (old->exists) {
        const char *kept = backup_kept_name(undo->backup, entry->path, undo->kept++);
        struct plan_row *row =
            kept ? plan_file(undo->plan, kept, old->content, (struct plan_access){.mode = 0600})
                 : NULL;
        if (!row)
            return error_set(error, "memory is out");
        row->secret = true;
        plan_say(undo->plan, PLAN_NOTE,
                 "%s is not put back, as its folder is gone: its old content is kept in %s",
                 entry->path, kept);
        return true;
    }
    plan_remove(undo->plan, entry->path);
    return true;
}

static bool is_config(const struct undo *undo, const struct backup_entry *entry)
{
    return undo->backup->config && strcmp(entry->path, undo->backup->config) == 0;
}

/* A drop-in of a submilter.conf that stays: without the one that only observes, that would enforce
 * its rules unasked. */
static bool goes_with_config(const struct undo *undo, const struct backup_entry *entry)
{
    const char *folder =
        undo->config_stays ? place_folder_of(undo->plan->arena, undo->backup->config) : NULL;
    const char *drop_ins = folder ? arena_printf(undo->plan->arena, "%s/conf.d/", folder) : NULL;
    return drop_ins && strncmp(entry->path, drop_ins, strlen(drop_ins)) == 0;
}

/* Of another MTA as well. */
static bool is_shared(const struct undo *undo, const struct backup_entry *entry)
{
    return undo->wanted->other && undo_shared_is(undo->backup, entry, undo->wanted->place);
}

/* The file has setup's lines and somebody's changes. */
static bool put_back_broken(struct undo *undo, const struct backup_entry *entry,
                            const struct place_file *now, struct error *error)
{
    struct place_file old;
    if (!entry->existed && !undo->force) {
        undo->config_stays = undo->config_stays || is_config(undo, entry);
        plan_say(undo->plan, PLAN_NOTE, "%s was changed since setup made it: it stays",
                 entry->path);
        return true;
    }
    if (!undo->force)
        return is_in_the_way(undo, entry->path, error);
    return backup_old(undo->backup, entry, &old, error) &&
           (!entry->given || put_back_given(undo, entry, &old, error)) &&
           put_back_changed(undo, entry, now, &old, error);
}

static bool put_back(struct undo *undo, const struct backup_entry *entry, struct error *error)
{
    struct place_file now;
    struct place_file old;
    struct undo_chain chain;
    if (!place_read(undo->plan->arena, entry->path, &now, error) ||
        !undo_chain_follow(undo->backup, undo->first, entry, &now, &chain, error))
        return false;
    if (chain.broken)
        return put_back_broken(undo, entry, &now, error);
    if (!chain.to) {
        plan_say(undo->plan, PLAN_NOTE,
                 "%s was changed since, and has nothing of setup's in it: it stays as it is",
                 entry->path);
        return true;
    }
    if (!backup_old(undo->backup, chain.to, &old, error) ||
        (chain.to->given && !put_back_given(undo, chain.to, &old, error)))
        return false;
    if (old.exists)
        return restore(undo, entry->path, &now, &old);
    plan_remove(undo->plan, entry->path);
    return true;
}

static bool is_first(const struct undo *undo, const struct backup_entry *entry)
{
    const struct backup_entry *other = undo->first;
    while (other != entry && !is_of(other, entry))
        other = other->next;
    return other == entry;
}

/* The last first: the MTA lets go of the milter before its folder goes. */
static bool put_back_from(struct undo *undo, const struct backup_entry *entry, struct error *error)
{
    if (!entry)
        return true;
    if (!put_back_from(undo, entry->next, error))
        return false;
    if (entry->kind != BACKUP_FILE || !is_first(undo, entry) || is_shared(undo, entry))
        return true;
    if (!goes_with_config(undo, entry))
        return put_back(undo, entry, error);
    plan_say(undo->plan, PLAN_NOTE, "%s stays with %s", entry->path, undo->backup->config);
    return true;
}

static void remove_folders(struct undo *undo, const struct backup_entry *entry)
{
    if (!entry)
        return;
    remove_folders(undo, entry->next);
    if (entry->kind == BACKUP_FOLDER && !is_shared(undo, entry))
        plan_remove_folder(undo->plan, entry->path);
}

bool undo_plan(struct plan *plan, const struct backup *backup, const struct undo_wanted *wanted,
               struct error *error)
{
    struct undo undo = {.plan = plan,
                        .backup = backup,
                        .first = backup->entries,
                        .wanted = wanted,
                        .force = wanted->force,
                        .changed = ""};
    for (size_t i = 0; i < wanted->first && undo.first; i++)
        undo.first = undo.first->next;
    if (!put_back_from(&undo, undo.first, error))
        return false;
    if (wanted->ret_changed)
        *wanted->ret_changed = *undo.changed;
    if (*undo.changed)
        return error_set(error,
                         "changed since setup, and so not put back:%s; nothing was undone. Take "
                         "setup's lines out by hand, or put them back as they were before setup "
                         "with --undo --force",
                         undo.changed);
    if (wanted->other)
        plan_say(plan, PLAN_NOTE,
                 "%s and what belongs to it stay, as another MTA was set up with it (%s): they go "
                 "when that is undone",
                 backup->config, wanted->other->folder);
    remove_folders(&undo, undo.first);
    return plan_good(plan, error);
}
