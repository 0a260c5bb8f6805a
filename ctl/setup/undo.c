/* From the manifest to a plan that puts everything back. */
#include "ctl/setup/undo.h"

#include <stdio.h>
#include <string.h>

struct undo {
    struct plan *plan;
    const struct backup *backup;
    bool force;
    const char *changed; /* files that are in the way, with blanks between them */
};

static bool is_of(const struct backup_entry *entry, const struct backup_entry *other)
{
    return entry->kind == BACKUP_FILE && strcmp(entry->path, other->path) == 0;
}

/* Back through a file's changes, from what it is now: each has to begin where the one before it
 * ended, or not to have come about. */
static bool follow(const struct backup_entry *entry, const struct backup_entry *of,
                   char digest[BACKUP_DIGEST])
{
    if (!entry)
        return true;
    if (!follow(entry->next, of, digest))
        return false;
    if (!is_of(entry, of) || strcmp(digest, entry->before) == 0)
        return true;
    if (strcmp(digest, entry->after) != 0)
        return false;
    memcpy(digest, entry->before, BACKUP_DIGEST);
    return true;
}

static bool keep_present(struct undo *undo, const struct backup_entry *entry,
                         const struct place_file *now)
{
    static const struct plan_access alone = {.mode = 0600};
    const char *name = strrchr(entry->path, '/');
    const char *kept = arena_printf(undo->plan->arena, "%s/%s.before-undo", undo->backup->folder,
                                    name ? name + 1 : entry->path);
    if (!kept)
        return false;
    struct plan_row *row = plan_file(undo->plan, kept, now->content, alone);
    if (row)
        row->secret = true; /* shown once already, as what goes */
    plan_say(undo->plan, PLAN_NOTE, "%s was changed since setup: that version is kept in %s",
             entry->path, kept);
    return true;
}

static bool put_back(struct undo *undo, const struct backup_entry *entry, struct error *error)
{
    struct place_file now;
    struct place_file old;
    char digest[BACKUP_DIGEST];
    if (!place_read(undo->plan->arena, entry->path, &now, error))
        return false;
    if (!backup_digest(&now, digest))
        return error_set(error, "memory is out");
    bool untouched = follow(undo->backup->entries, entry, digest);
    if (!untouched && !entry->existed && !undo->force) {
        plan_say(undo->plan, PLAN_NOTE, "%s was changed since setup made it: it stays",
                 entry->path);
        return true;
    }
    if (!untouched && !undo->force) {
        undo->changed = arena_printf(undo->plan->arena, "%s %s", undo->changed, entry->path);
        return undo->changed || error_set(error, "memory is out");
    }
    if (!untouched && now.exists && !keep_present(undo, entry, &now))
        return error_set(error, "memory is out");
    if (!backup_old(undo->backup, entry, &old, error))
        return false;
    if (old.exists)
        plan_restore(undo->plan, entry->path, &old);
    else
        plan_remove(undo->plan, entry->path);
    return true;
}

static bool is_first(const struct backup *backup, const struct backup_entry *entry)
{
    const struct backup_entry *other = backup->entries;
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
    return entry->kind != BACKUP_FILE || !is_first(undo->backup, entry) ||
           put_back(undo, entry, error);
}

static void remove_folders(struct undo *undo, const struct backup_entry *entry)
{
    if (!entry)
        return;
    remove_folders(undo, entry->next);
    if (entry->kind == BACKUP_FOLDER)
        plan_remove_folder(undo->plan, entry->path);
}

bool undo_plan(struct plan *plan, const struct backup *backup, bool force, struct error *error)
{
    struct undo undo = {plan, backup, force, ""};
    if (!put_back_from(&undo, backup->entries, error))
        return false;
    if (*undo.changed)
        return error_set(error,
                         "changed since setup, and so not put back:%s; nothing was undone. Take "
                         "setup's lines out by hand, or put them back as they were before setup "
                         "with --undo --force",
                         undo.changed);
    remove_folders(&undo, backup->entries);
    return plan_good(plan, error);
}
