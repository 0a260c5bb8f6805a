/* Other manifests are looked through while the state folder's lock is held. */
#include "ctl/setup/undo_shared.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/setup/backup_folder.h"
#include "ctl/setup/backup_manifest.h"

static bool read_other(const struct backup *backup, const char *folder, struct backup *other,
                       struct error *error)
{
    struct stat status;
    *other = (struct backup){.arena = backup->arena, .lock = -1};
    if (stat(folder, &status) < 0 || !S_ISDIR(status.st_mode) ||
        strcmp(folder, backup->folder) == 0)
        return true;
    return backup_folder_open(backup->arena, folder, &other->folder, error) &&
           backup_read_manifest(other, error);
}

/* What another setup shares must not be taken: who cannot look must not take either. */
static bool say_unlisted(const char *top, struct error *error)
{
    return error_set(error, "%s cannot be listed, where other setups have their backups: %s", top,
                     strerror(errno));
}

static bool look_at(const struct backup *backup, const char *top, const char *name,
                    struct backup *ret_other, struct error *error)
{
    struct backup other = {.arena = backup->arena, .lock = -1};
    if (*name == '.')
        return true;
    const char *folder = arena_printf(backup->arena, "%s/%s", top, name);
    if (!folder)
        return error_set(error, "memory is out");
    if (!read_other(backup, folder, &other, error))
        return false;
    if (other.count && other.config && strcmp(other.config, backup->config) == 0)
        *ret_other = other;
    return true;
}

bool undo_shared_find(const struct backup *backup, struct backup *ret_other, struct error *error)
{
    const char *top = place_folder_of(backup->arena, backup->folder);
    *ret_other = (struct backup){.arena = backup->arena, .lock = -1};
    if (!top || !backup->config)
        return true;
    DIR *state = opendir(top);
    if (!state)
        return errno == ENOENT || say_unlisted(top, error);
    bool good = true;
    const struct dirent *file;
    errno = 0;
    while (good && !ret_other->config && (file = readdir(state))) {
        good = look_at(backup, top, file->d_name, ret_other, error);
        errno = 0;
    }
    if (good && errno)
        good = say_unlisted(top, error);
    closedir(state);
    return good;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = folder ? strlen(folder) : 0;
    return len && strncmp(path, folder, len) == 0 && path[len] == '/';
}

bool undo_shared_is(const struct backup *backup, const struct backup_entry *entry,
                    const char *place)
{
    struct stat status;
    bool folder = stat(place, &status) == 0 && S_ISDIR(status.st_mode);
    const char *own = folder ? place : place_folder_of(backup->arena, place);
    if (entry->kind == BACKUP_FOLDER ||
        is_below(entry->path, place_folder_of(backup->arena, backup->config)))
        return true;
    return !entry->existed && !is_below(entry->path, own);
}

static bool is_known(const struct backup *backup, const struct backup_entry *entry)
{
    for (const struct backup_entry *other = backup->entries; other; other = other->next)
        if (other->kind == entry->kind && strcmp(other->path, entry->path) == 0 &&
            strcmp(other->before, entry->before) == 0 && strcmp(other->after, entry->after) == 0)
            return true;
    return false;
}

bool undo_shared_hand_over(const struct backup *backup, struct backup *other, const char *place,
                           struct error *error)
{
    struct backup_entry *behind = NULL; /* the last that was handed over */
    for (const struct backup_entry *entry = backup->entries; entry; entry = entry->next) {
        struct backup_entry *at = behind;
        if (!undo_shared_is(backup, entry, place) || is_known(other, entry))
            continue;
        /* Behind the change that it went on from. */
        for (struct backup_entry *one = other->entries; one; one = one->next)
            if (one->kind == BACKUP_FILE && entry->kind == BACKUP_FILE &&
                strcmp(one->path, entry->path) == 0 && strcmp(one->after, entry->before) == 0)
                at = one;
        struct backup_entry *copy = backup_take_over(other, at, backup, entry, error);
        if (!copy)
            return false;
        if (at == behind)
            behind = copy;
    }
    return backup_save(other, error);
}
