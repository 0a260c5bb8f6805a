/* Reading <folder>/<domain>/<selector>.pem into a store, or taking keys over that have not changed.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dkim/key_parse.h"
#include "dkim/keystore_private.h"
#include "dkim/selector.h"
#include "dkim/traces.h"
#include "policy/address.h"
#include "policy/shell.h"

#define MOST_FILE ((size_t)64 * 1024)
#define SUFFIX ".pem"

struct scan {
    const struct keystore_options *options;
    const struct keystore *previous;
    struct keystore *store;
    char text[MOST_FILE]; /* of one key file; wiped after each */
};

static bool say_memory(struct error *error)
{
    return error_set(error, "memory is out");
}

static bool add(struct keystore *store, const struct key *key, const struct key_source *source,
                struct error *error)
{
    if (store->count == store->room) {
        size_t room = store->room ? 2 * store->room : 64;
        struct keystore_entry *entries = reallocarray(store->entries, room, sizeof *entries);
        if (!entries) {
            EVP_PKEY_free(key->pkey);
            return say_memory(error);
        }
        store->entries = entries;
        store->room = room;
    }
    store->entries[store->count++] = (struct keystore_entry){.key = *key, .source = *source};
    return true;
}

/* The key of that name in the store before. */
static const struct key *key_before(const struct scan *scan, const struct key *key)
{
    return scan->previous
               ? keystore_get(scan->previous, bytes_of(key->domain), bytes_of(key->selector))
               : NULL;
}

static const struct key_source *source_before(const struct scan *scan, const struct key *before)
{
    return &scan->previous->sources[before - scan->previous->keys];
}

static bool take_over(struct scan *scan, struct key *key, const struct key *before,
                      const struct key_source *source, struct error *error)
{
    key->type = before->type;
    key->bits = before->bits;
    key->record = arena_text(scan->store->arena, bytes_of(before->record));
    if (!key->record || !EVP_PKEY_up_ref(before->pkey))
        return say_memory(error);
    key->pkey = before->pkey;
    return add(scan->store, key, source, error);
}

static bool read_text(struct scan *scan, int fd, const char *path, size_t *ret_len,
                      struct error *error)
{
    size_t len = 0;
    ssize_t got = 1;
    while (len < sizeof scan->text && got > 0) {
        got = read(fd, scan->text + len, sizeof scan->text - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            len += (size_t)got;
    }
    *ret_len = len;
    if (got < 0)
        return error_set(error, "%s cannot be read: %s", shell_word(path).text, strerror(errno));
    if (len == sizeof scan->text)
        return error_set(error, "%s is larger than 64 KiB: that is no private key",
                         shell_word(path).text);
    return true;
}

/* A domain's folder. */
struct place {
    int fd;
    const char *path;
    const char *domain;
};

static bool read_key(struct scan *scan, const struct place *place, const char *name,
                     struct key *key, struct error *error)
{
    int fd;
    struct stat status;
    struct timespec now;
    size_t len = 0;
    const struct key *before = key_before(scan, key);
    clock_gettime(CLOCK_REALTIME, &now);
    if (!key_path_open_file(scan->options, place->fd, name, key->path, &fd, &status, error))
        return false;
    bool good = read_text(scan, fd, key->path, &len, error);
    close(fd);
    struct key_source source = {.file = file_state_of(&status, now)};
    good = good && (EVP_Digest(scan->text, len, source.digest, NULL, EVP_sha256(), NULL) == 1 ||
                    say_memory(error));
    bool same =
        good && before &&
        memcmp(source_before(scan, before)->digest, source.digest, sizeof source.digest) == 0;
    if (good && !same &&
        !key_parse((struct bytes){scan->text, len}, key->path, scan->store->arena, key, error))
        good = error_prefix(error, "%s: ", shell_word(key->path).text);
    OPENSSL_cleanse(scan->text, len);
    if (same)
        return take_over(scan, key, before, &source, error);
    return good && add(scan->store, key, &source, error);
}

/* Whether the key before was read from just this file in just this state, so that it need not be
 * read again. One that was written a moment before it was read has to be, as a change in the same
 * tick would not show; unless it cannot be. */
static bool is_untouched(const struct scan *scan, const struct place *place, const char *name,
                         const struct key *before, const char *path)
{
    struct stat status;
    if (fstatat(place->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
        strcmp(before->path, path) != 0)
        return false;
    const struct file_state *file = &source_before(scan, before)->file;
    return file_state_same(file, &status) &&
           (file->settled || faccessat(place->fd, name, R_OK, AT_EACCESS) != 0);
}

static bool scan_file(struct scan *scan, const struct place *place, const char *name,
                      struct error *error)
{
    struct arena *arena = scan->store->arena;
    struct bytes selector = bytes_slice(bytes_of(name), 0, strlen(name) - strlen(SUFFIX));
    struct key key = {.domain = place->domain};
    key.selector = arena_text(arena, selector);
    key.path = arena_printf(arena, "%s/%s", place->path, name);
    if (!key.selector || !key.path)
        return say_memory(error);
    if (!selector_valid(selector, bytes_of(key.domain)))
        return error_set(error,
                         "%s: the file's name without .pem has to be a selector: letters, digits "
                         "and '-', in parts separated by dots, short enough for DNS",
                         shell_word(key.path).text);
    const struct key *before = key_before(scan, &key);
    if (before && is_untouched(scan, place, name, before, key.path))
        return take_over(scan, &key, before, source_before(scan, before), error);
    return read_key(scan, place, name, &key, error);
}

static bool is_key_name(const char *name)
{
    return *name != '.' && bytes_end_with_nocase(bytes_of(name), BYTES(SUFFIX));
}

/* Calls on each entry until one is false. Takes over the descriptor. */
static bool each_entry(int fd, const char *path,
                       bool (*on_entry)(void *user, const struct dirent *entry,
                                        struct error *error),
                       void *user, struct error *error)
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return say_memory(error);
    }
    bool good = true;
    const struct dirent *entry;
    errno = 0;
    while (good && (entry = readdir(folder))) {
        good = on_entry(user, entry, error);
        errno = 0;
    }
    if (good && errno)
        good = error_set(error, "%s cannot be listed: %s", shell_word(path).text, strerror(errno));
    closedir(folder);
    return good;
}

struct domain_scan {
    struct scan *scan;
    struct place place;
};

static bool on_domain_entry(void *user, const struct dirent *entry, struct error *error)
{
    struct domain_scan *domain = user;
    return !is_key_name(entry->d_name) ||
           scan_file(domain->scan, &domain->place, entry->d_name, error);
}

static bool scan_domain(struct scan *scan, int parent, const char *name, struct error *error)
{
    struct domain_scan domain = {.scan = scan};
    struct arena *arena = scan->store->arena;
    struct bytes normal;
    const char *path = arena_printf(arena, "%s/%s", scan->options->folder, name);
    if (!path)
        return say_memory(error);
    if (!address_normalise_domain(arena, bytes_of(name), &normal))
        return error_set(error,
                         "%s: a folder of keys has to be named after the domain that they sign "
                         "for, as in %s/example.com",
                         shell_word(path).text, shell_word(scan->options->folder).text);
    domain.place.path = path;
    domain.place.domain = arena_text(arena, normal);
    if (!domain.place.domain)
        return say_memory(error);
    return key_path_open_folder(scan->options, parent, name, path, &domain.place.fd, error) &&
           each_entry(domain.place.fd, path, on_domain_entry, &domain, error);
}

struct root_scan {
    struct scan *scan;
    int fd;
};

static bool on_root_entry(void *user, const struct dirent *entry, struct error *error)
{
    struct root_scan *root = user;
    const char *name = entry->d_name;
    struct stat status;
    if (*name == '.')
        return true;
    if (entry->d_type == DT_DIR)
        return scan_domain(root->scan, root->fd, name, error);
    const char *folder = root->scan->options->folder;
    if (fstatat(root->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || error_set(error, "%s/%s cannot be looked at: %s", folder,
                                            shell_word(name).text, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return scan_domain(root->scan, root->fd, name, error);
    if (S_ISLNK(status.st_mode) || is_key_name(name))
        return error_set(error,
                         "%s/%s is not a domain's folder: keys lie in %s/<domain>/<selector>.pem, "
                         "and neither the folder nor the key may be a link",
                         folder, shell_word(name).text, folder);
    return true;
}

bool keystore_scan(const struct keystore_options *options, const struct keystore *previous,
                   struct keystore *store, struct error *error)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        return say_memory(error);
    *scan = (struct scan){.options = options, .previous = previous, .store = store};
    struct root_scan root = {.scan = scan};
    bool good = key_path_open_root(options, &root.fd, error) &&
                (root.fd < 0 || each_entry(root.fd, options->folder, on_root_entry, &root, error));
    free(scan);
    traces_wipe(); /* of all keys at once: it takes as long as reading one */
    return good;
}
