/* The manifest's lines: reading and writing them. */
#include "ctl/setup/backup_manifest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "submilter setup 1"
#define BEGUN "begun"
#define MODES 0777U /* nothing that setup changes runs with its owner's rights */

static const char *manifest_path(const struct backup *backup)
{
    return arena_printf(backup->arena, "%s/manifest", backup->folder);
}

struct backup_entry *backup_append(struct backup *backup, const struct backup_entry *entry)
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

/* A plan's paths are whole and without detours (place_real_path). */
static bool is_straight(const char *path)
{
    size_t len = strlen(path);
    return *path == '/' && !strstr(path, "/../") && !strstr(path, "/./") && !strstr(path, "//") &&
           (len < 3 || strcmp(path + len - 3, "/..") != 0) && path[len - 1] != '/';
}

static bool parse_given(struct backup *backup, const char *path)
{
    struct backup_entry *last = backup->last;
    if (!last || last->kind != BACKUP_FILE || last->given || *path != '/')
        return false;
    last->given = arena_text(backup->arena, bytes_of(path));
    return last->given;
}

/* "file NUMBER MODE USER GROUP BEFORE AFTER PATH", behind it perhaps "given PATH"; "folder PATH";
 * "config PATH" once; "begun" before the entries that were being made. */
static bool parse_line(struct backup *backup, const char *line)
{
    struct backup_entry entry = {.kind = BACKUP_FOLDER};
    if (strcmp(line, BEGUN) == 0 && !backup->begun) {
        backup->begun = true;
        backup->finished = backup->count;
        return true;
    }
    if (strncmp(line, "config ", 7) == 0 && !backup->config && is_straight(line + 7)) {
        backup->config = arena_text(backup->arena, bytes_of(line + 7));
        return backup->config;
    }
    if (strncmp(line, "given ", 6) == 0)
        return parse_given(backup, line + 6);
    const char *at = line + 7;
    if (strncmp(line, "folder ", 7) != 0) {
        entry.kind = BACKUP_FILE;
        at = line + 5;
        if (strncmp(line, "file ", 5) != 0 || !take_number(&at, 10, &entry.number) ||
            !take_number(&at, 8, &entry.mode) || !take_number(&at, 10, &entry.user) ||
            !take_number(&at, 10, &entry.group) || !take_digest(&at, entry.before) ||
            !take_digest(&at, entry.after))
            return false;
        entry.mode &= MODES;
    }
    entry.existed = strcmp(entry.before, "-") != 0;
    entry.path = is_straight(at) ? arena_text(backup->arena, bytes_of(at)) : NULL;
    return entry.path && backup_append(backup, &entry);
}

bool backup_read_manifest(struct backup *backup, struct error *error)
{
    struct place_file manifest;
    const char *path = manifest_path(backup);
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

static const char *line_of(const struct backup *backup, const struct backup_entry *entry)
{
    if (entry->kind == BACKUP_FOLDER)
        return arena_printf(backup->arena, "folder %s\n", entry->path);
    return arena_printf(backup->arena, "file %u %04o %u %u %s %s %s\n%s%s%s", entry->number,
                        (unsigned)entry->mode & MODES, (unsigned)entry->user,
                        (unsigned)entry->group, entry->before, entry->after, entry->path,
                        entry->given ? "given " : "", entry->given ? entry->given : "",
                        entry->given ? "\n" : "");
}

bool backup_save(struct backup *backup, struct error *error)
{
    struct place_file manifest = {
        .exists = true, .mode = 0600, .user = geteuid(), .group = getegid()};
    const char *path = manifest_path(backup);
    bool known = backup->config && !strchr(backup->config, '\n');
    const char *text =
        known ? arena_printf(backup->arena, HEAD "\nconfig %s\n", backup->config) : HEAD "\n";
    size_t number = 0;
    for (const struct backup_entry *entry = backup->entries; entry; entry = entry->next) {
        const char *line = line_of(backup, entry);
        const char *begun = backup->begun && number++ == backup->finished ? BEGUN "\n" : "";
        text = text && line ? arena_printf(backup->arena, "%s%s%s", text, begun, line) : NULL;
    }
    if (!path || !text)
        return error_set(error, "memory is out");
    manifest.content = bytes_of(text);
    return place_write(backup->arena, path, &manifest, NULL, NULL, error);
}
