/* The folder of backups: manifest, old contents, lock. */
#include "ctl/setup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/setup/backup_folder.h"
#include "ctl/setup/backup_manifest.h"

#define NEW ".set-up"
#define MOST_NAME 150 /* of a path in a folder's name */

static const struct place_file private_file = {.exists = true, .mode = 0600};

bool backup_digest(const struct place_file *file, char ret_hex[BACKUP_DIGEST])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t len = 0;
    snprintf(ret_hex, BACKUP_DIGEST, "-");
    if (!file->exists)
        return true;
    if (EVP_Q_digest(NULL, "SHA256", NULL, file->content.data, file->content.len, digest, &len) !=
        1)
        return false;
    for (size_t i = 0; i < len && i * 2 + 2 < BACKUP_DIGEST; i++)
        snprintf(ret_hex + i * 2, 3, "%02x", digest[i]);
    return true;
}

static const char *path_of(const struct backup *backup, const char *name)
{
    return arena_printf(backup->arena, "%s/%s", backup->folder, name);
}

static const char *content_path(const struct backup *backup, unsigned number)
{
    return arena_printf(backup->arena, "%s/%u", backup->folder, number);
}

/* Readable, and by the digest one a path. */
const char *backup_name(struct arena *arena, const char *mta, const char *path)
{
    char digest[BACKUP_DIGEST];
    const struct place_file named = {.exists = true, .content = bytes_of(path)};
    char *words = arena_text(arena, bytes_slice(bytes_of(path), 0, MOST_NAME));
    if (!words || !backup_digest(&named, digest))
        return NULL;
    for (char *at = words; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._", *at))
            *at = '-';
    return arena_printf(arena, "%s%s-%.8s", mta, words, digest);
}

/* What setup made of it, by which its lines are told from others. */
static const char *new_content_path(const struct backup *backup, unsigned number)
{
    return arena_printf(backup->arena, "%s/%u" NEW, backup->folder, number);
}

static bool is_number_of(const struct backup *backup, const char *name, size_t digits)
{
    for (const struct backup_entry *entry = backup->entries; entry; entry = entry->next) {
        char number[16];
        snprintf(number, sizeof number, "%u", entry->number);
        if (entry->kind == BACKUP_FILE && strlen(number) == digits &&
            strncmp(number, name, digits) == 0)
            return true;
    }
    return false;
}

/* Drafts, and contents that no manifest names. */
static void clear_up(const struct backup *backup)
{
    for (const struct backup_entry *entry = backup->entries; entry; entry = entry->next) {
        const char *draft =
            entry->kind == BACKUP_FILE ? place_draft_of(backup->arena, entry->path) : NULL;
        if (draft)
            unlink(draft);
    }
    DIR *folder = opendir(backup->folder);
    for (struct dirent *file; folder && (file = readdir(folder));) {
        size_t digits = strspn(file->d_name, "0123456789");
        const char *behind = file->d_name + digits;
        bool number = digits && (*behind == '\0' || strcmp(behind, NEW) == 0) &&
                      !is_number_of(backup, file->d_name, digits);
        if (number || bytes_end_with_nocase(bytes_of(file->d_name), BYTES(".submilter-new")))
            unlinkat(dirfd(folder), file->d_name, 0);
    }
    if (folder)
        closedir(folder);
}

static bool lock_out_others(struct backup *backup, const char *path, struct error *error)
{
    backup->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (backup->lock < 0)
        return error_set(error, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(backup->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    backup->busy = true;
    return error_set(error, "another submilterctl setup is at work (it holds %s): wait for its end",
                     path);
}

bool backup_open(struct arena *arena, const char *state, const char *name,
                 struct backup *ret_backup, struct error *error)
{
    *ret_backup = (struct backup){.arena = arena, .lock = -1};
    const char *top;
    if (!backup_folder_open(arena, state, &top, error))
        return false;
    const char *lock = arena_printf(arena, "%s/lock", top);
    const char *folder = arena_printf(arena, "%s/%s", top, name);
    if (!lock || !folder)
        return error_set(error, "memory is out");
    if (lock_out_others(ret_backup, lock, error) &&
        backup_folder_open(arena, folder, &ret_backup->folder, error) &&
        backup_read_manifest(ret_backup, error)) {
        clear_up(ret_backup);
        return true;
    }
    backup_close(ret_backup);
    return false;
}

bool backup_begin(struct backup *backup, size_t finished, struct error *error)
{
    if (!backup->begun || finished < backup->finished)
        backup->finished = finished;
    backup->begun = true;
    return backup_save(backup, error);
}

bool backup_end(struct backup *backup, struct error *error)
{
    backup->begun = false;
    return backup_save(backup, error);
}

const char *backup_kept_name(const struct backup *backup, const char *path, unsigned taken)
{
    const char *slash = strrchr(path, '/');
    for (unsigned number = 1;; number++) {
        const char *name = arena_printf(backup->arena, "%s/%s.kept-%u", backup->folder,
                                        slash ? slash + 1 : path, number);
        if (!name || (access(name, F_OK) != 0 && taken-- == 0))
            return name;
    }
}

void backup_close(struct backup *backup)
{
    if (backup->lock >= 0)
        close(backup->lock);
    backup->lock = -1;
}

/* A manifest has one line an entry. */
static bool check_path(const char *path, struct error *error)
{
    return !strchr(path, '\n') || error_set(error, "a path with a line break cannot be set up");
}

/* The old content and the new one, under its number. */
static bool keep_contents(const struct backup *backup, unsigned number, const char *like,
                          const struct place_file *before, const struct place_file *after,
                          struct error *error)
{
    const char *kept = content_path(backup, number);
    const char *made = new_content_path(backup, number);
    struct place_file copy = private_file;
    if (!kept || !made)
        return error_set(error, "memory is out");
    copy.user = geteuid();
    copy.group = getegid();
    copy.content = before->content;
    if (before->exists && !place_write(backup->arena, kept, &copy, like, NULL, error))
        return false;
    copy.content = after->content;
    return !before->exists || !after->exists ||
           place_write(backup->arena, made, &copy, like, NULL, error);
}

bool backup_add_file(struct backup *backup, const char *path, const char *given,
                     const struct place_file *before, const struct place_file *after,
                     struct error *error)
{
    struct backup_entry entry = {.kind = BACKUP_FILE,
                                 .path = path,
                                 .given = given,
                                 .existed = before->exists,
                                 .mode = before->mode,
                                 .user = before->user,
                                 .group = before->group,
                                 .number = backup->numbers + 1};
    if (!check_path(path, error) || (given && !check_path(given, error)))
        return false;
    if (!backup_digest(before, entry.before) || !backup_digest(after, entry.after))
        return error_set(error, "memory is out");
    if (!keep_contents(backup, entry.number, path, before, after, error))
        return false;
    return backup_append(backup, &entry) || error_set(error, "memory is out");
}

struct backup_entry *backup_take_over(struct backup *backup, struct backup_entry *behind,
                                      const struct backup *other, const struct backup_entry *entry,
                                      struct error *error)
{
    struct place_file before = {0};
    struct place_file after = {0};
    struct backup_entry *copy = arena_alloc(backup->arena, sizeof *copy);
    size_t at = behind ? 1 : 0;
    if (!copy) {
        error_set(error, "memory is out");
        return NULL;
    }
    *copy = *entry;
    if (entry->kind == BACKUP_FILE) {
        copy->number = backup->numbers + 1;
        if (!backup_old(other, entry, &before, error) ||
            (before.exists && !backup_new(other, entry, &after, error)) ||
            !keep_contents(backup, copy->number, entry->path, &before, &after, error))
            return NULL;
        backup->numbers++;
    }
    for (const struct backup_entry *one = backup->entries; behind && one != behind; one = one->next)
        at++;
    copy->next = behind ? behind->next : backup->entries;
    *(behind ? &behind->next : &backup->entries) = copy;
    if (!copy->next)
        backup->last = copy;
    if (at <= backup->finished) /* it was carried out */
        backup->finished++;
    backup->count++;
    return copy;
}

bool backup_add_folder(struct backup *backup, const char *path, struct error *error)
{
    const struct backup_entry entry = {.kind = BACKUP_FOLDER, .path = path};
    return check_path(path, error) &&
           (backup_append(backup, &entry) || error_set(error, "memory is out"));
}

bool backup_cut(struct backup *backup, size_t count, struct error *error)
{
    struct backup_entry *gone = backup->entries;
    struct backup_entry *last = NULL;
    for (size_t i = 0; i < count && gone; i++) {
        last = gone;
        gone = gone->next;
    }
    if (last)
        last->next = NULL;
    else
        backup->entries = NULL;
    backup->last = last;
    backup->count = last ? count : 0;
    backup->begun = false;
    const char *manifest = path_of(backup, "manifest");
    if (!manifest)
        return error_set(error, "memory is out");
    if (!(last ? backup_save(backup, error) : place_remove(backup->arena, manifest, NULL, error)))
        return false;
    for (; gone; gone = gone->next) {
        const char *old = content_path(backup, gone->number);
        const char *made = new_content_path(backup, gone->number);
        if (!old || !made)
            return error_set(error, "memory is out");
        if (gone->kind == BACKUP_FILE && (!place_remove(backup->arena, old, NULL, error) ||
                                          !place_remove(backup->arena, made, NULL, error)))
            return false;
    }
    return true;
}

bool backup_old(const struct backup *backup, const struct backup_entry *entry,
                struct place_file *ret_file, struct error *error)
{
    char digest[BACKUP_DIGEST];
    *ret_file = (struct place_file){0};
    if (!entry->existed)
        return true;
    const char *path = content_path(backup, entry->number);
    if (!path)
        return error_set(error, "memory is out");
    if (!place_read(backup->arena, path, ret_file, error))
        return false;
    if (!backup_digest(ret_file, digest) || strcmp(digest, entry->before) != 0)
        return error_set(error, "%s, the backup of %s, is %s", path, entry->path,
                         ret_file->exists ? "not what was saved there" : "gone");
    ret_file->mode = entry->mode;
    ret_file->user = entry->user;
    ret_file->group = entry->group;
    return true;
}

bool backup_new(const struct backup *backup, const struct backup_entry *entry,
                struct place_file *ret_file, struct error *error)
{
    char digest[BACKUP_DIGEST];
    const char *path = new_content_path(backup, entry->number);
    if (!path)
        return error_set(error, "memory is out");
    if (!place_read(backup->arena, path, ret_file, error))
        return false;
    if (!backup_digest(ret_file, digest))
        return error_set(error, "memory is out");
    if (strcmp(digest, entry->after) != 0)
        *ret_file = (struct place_file){0};
    return true;
}
