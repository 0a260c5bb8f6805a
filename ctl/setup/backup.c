/* The folder of backups: manifest, old contents, lock. */
#include "ctl/setup/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "submilter setup 1"

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

/* Those above it may be others' too: only the last is private. */
static bool make_folders(struct arena *arena, const char *folder, mode_t mode)
{
    if (mkdir(folder, mode) == 0)
        return chmod(folder, mode) == 0;
    if (errno == EEXIST)
        return true;
    const char *parent = place_folder_of(arena, folder);
    return errno == ENOENT && parent && strcmp(parent, folder) != 0 &&
           make_folders(arena, parent, 0755) && mkdir(folder, mode) == 0 &&
           chmod(folder, mode) == 0;
}

static struct backup_entry *append(struct backup *backup, const struct backup_entry *entry)
{
    struct backup_entry *kept = arena_alloc(backup->arena, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *entry;
    kept->next = NULL;
    if (backup->last)
        backup->last->next = kept;
    else
        backup->entries = kept;
    backup->last = kept;
    backup->count++;
    if (kept->number > backup->numbers)
        backup->numbers = kept->number;
    return kept;
}

static bool take_number(const char **at, int base, unsigned *ret_number)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    unsigned long number = strtoul(*at, &end, base);
    if (*end != ' ' || number > UINT_MAX)
        return false;
    *ret_number = (unsigned)number;
    *at = end + 1;
    return true;
}

static bool take_digest(const char **at, char ret_hex[BACKUP_DIGEST])
{
    size_t len = strcspn(*at, " ");
    if (len == 0 || len >= BACKUP_DIGEST || (*at)[len] != ' ')
        return false;
    memcpy(ret_hex, *at, len);
    ret_hex[len] = '\0';
    *at += len + 1;
    return true;
}

/* "file NUMBER MODE USER GROUP BEFORE AFTER PATH" or "folder PATH". */
static bool parse_line(struct backup *backup, const char *line)
{
    struct backup_entry entry = {.kind = BACKUP_FOLDER};
    const char *at = line + 7;
    if (strncmp(line, "folder ", 7) != 0) {
        entry.kind = BACKUP_FILE;
        at = line + 5;
        if (strncmp(line, "file ", 5) != 0 || !take_number(&at, 10, &entry.number) ||
            !take_number(&at, 8, &entry.mode) || !take_number(&at, 10, &entry.user) ||
            !take_number(&at, 10, &entry.group) || !take_digest(&at, entry.before) ||
            !take_digest(&at, entry.after))
            return false;
    }
    entry.existed = strcmp(entry.before, "-") != 0;
    entry.path = *at == '/' ? arena_text(backup->arena, bytes_of(at)) : NULL;
    return entry.path && append(backup, &entry);
}

static bool read_manifest(struct backup *backup, struct error *error)
{
    struct place_file manifest;
    const char *path = path_of(backup, "manifest");
    if (!path)
        return error_set(error, "memory is out");
    if (!place_read(backup->arena, path, &manifest, error))
        return false;
    struct bytes rest = manifest.content;
    for (unsigned number = 1; rest.len; number++) {
        size_t end = bytes_find(rest, '\n');
        const char *line = arena_text(backup->arena, bytes_slice(rest, 0, end));
        bool good = line && (number == 1 ? strcmp(line, HEAD) == 0 : parse_line(backup, line));
        if (!good)
            return error_set(error, "%s:%u: this is no line of a manifest of backups", path,
                             number);
        rest = bytes_slice(rest, end + 1, rest.len);
    }
    return true;
}

bool backup_open(struct arena *arena, const char *folder, struct backup *ret_backup,
                 struct error *error)
{
    *ret_backup = (struct backup){.arena = arena, .folder = folder, .lock = -1};
    const char *lock = path_of(ret_backup, "lock");
    if (!lock)
        return error_set(error, "memory is out");
    if (!make_folders(arena, folder, 0700))
        return error_set(error, "%s, the folder for backups, cannot be made: %s", folder,
                         strerror(errno));
    ret_backup->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ret_backup->lock < 0)
        return error_set(error, "%s cannot be opened: %s", lock, strerror(errno));
    bool locked = flock(ret_backup->lock, LOCK_EX | LOCK_NB) == 0;
    ret_backup->busy = !locked;
    if (!locked)
        error_set(error, "another submilterctl setup is at work (it holds %s): wait for its end",
                  lock);
    if (locked && read_manifest(ret_backup, error))
        return true;
    backup_close(ret_backup);
    return false;
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

bool backup_add_file(struct backup *backup, const char *path, const struct place_file *before,
                     const struct place_file *after, struct error *error)
{
    struct backup_entry entry = {.kind = BACKUP_FILE,
                                 .path = path,
                                 .existed = before->exists,
                                 .mode = before->mode,
                                 .user = before->user,
                                 .group = before->group,
                                 .number = backup->numbers + 1};
    const char *kept = content_path(backup, entry.number);
    if (!check_path(path, error))
        return false;
    if (!kept || !backup_digest(before, entry.before) || !backup_digest(after, entry.after))
        return error_set(error, "memory is out");
    struct place_file copy = private_file;
    copy.user = geteuid();
    copy.group = getegid();
    copy.content = before->content;
    if (before->exists && !place_write(backup->arena, kept, &copy, path, error))
        return false;
    return append(backup, &entry) || error_set(error, "memory is out");
}

bool backup_add_folder(struct backup *backup, const char *path, struct error *error)
{
    const struct backup_entry entry = {.kind = BACKUP_FOLDER, .path = path};
    return check_path(path, error) && (append(backup, &entry) || error_set(error, "memory is out"));
}

static const char *line_of(const struct backup *backup, const struct backup_entry *entry)
{
    if (entry->kind == BACKUP_FOLDER)
        return arena_printf(backup->arena, "folder %s\n", entry->path);
    return arena_printf(backup->arena, "file %u %04o %u %u %s %s %s\n", entry->number,
                        (unsigned)entry->mode, (unsigned)entry->user, (unsigned)entry->group,
                        entry->before, entry->after, entry->path);
}

bool backup_save(struct backup *backup, struct error *error)
{
    struct place_file manifest = private_file;
    const char *path = path_of(backup, "manifest");
    const char *text = HEAD "\n";
    for (const struct backup_entry *entry = backup->entries; entry; entry = entry->next) {
        const char *line = line_of(backup, entry);
        text = text && line ? arena_printf(backup->arena, "%s%s", text, line) : NULL;
    }
    if (!path || !text)
        return error_set(error, "memory is out");
    manifest.user = geteuid();
    manifest.group = getegid();
    manifest.content = bytes_of(text);
    return place_write(backup->arena, path, &manifest, NULL, error);
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
    const char *manifest = path_of(backup, "manifest");
    if (!manifest)
        return error_set(error, "memory is out");
    if (!(last ? backup_save(backup, error) : place_remove(manifest, error)))
        return false;
    for (; gone; gone = gone->next) {
        const char *path = gone->kind == BACKUP_FILE ? content_path(backup, gone->number) : NULL;
        if (path && !place_remove(path, error))
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
