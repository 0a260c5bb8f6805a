/* Reading files whole and replacing them in one step. */
#include "ctl/setup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "policy/shell.h"

#define MOST_BYTES ((off_t)16 * 1024 * 1024)

static bool say(const char *path, const char *what, struct error *error)
{
    return error_set(error, "%s cannot be %s: %s", path, what, strerror(errno));
}

static bool read_open(struct arena *arena, int fd, const char *path, struct place_file *ret,
                      struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return say(path, "read", error);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s is no file", path);
    if (status.st_size > MOST_BYTES)
        return error_set(error, "%s is larger than 16 MB", path);
    char *data = arena_alloc(arena, (size_t)status.st_size + 1);
    if (!data)
        return error_set(error, "%s cannot be read: memory is out", path);
    size_t len = 0;
    while (len < (size_t)status.st_size) {
        ssize_t got = read(fd, data + len, (size_t)status.st_size - len);
        if (got < 0)
            return say(path, "read", error);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret = (struct place_file){
        true, {data, len}, status.st_mode & 07777, status.st_uid, status.st_gid};
    return true;
}

bool place_read(struct arena *arena, const char *path, struct place_file *ret_file,
                struct error *error)
{
    *ret_file = (struct place_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || say(path, "read", error);
    bool done = read_open(arena, fd, path, ret_file, error);
    close(fd);
    return done;
}

bool place_same(const struct place_file *a, const struct place_file *b)
{
    return a->exists == b->exists &&
           (!a->exists || (bytes_equal(a->content, b->content) && a->mode == b->mode &&
                           a->user == b->user && a->group == b->group));
}

/* An edit of somebody else's, made while this was at work, is not lost. */
static bool check_expected(struct arena *arena, const char *path, const struct place_file *expected,
                           struct error *error)
{
    struct place_file now;
    if (!expected)
        return true;
    if (!place_read(arena, path, &now, error))
        return false;
    return place_same(&now, expected) ||
           error_set(error, "%s was changed by somebody else meanwhile: run it again", path);
}

static bool write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            text = bytes_slice(text, (size_t)written, text.len);
    }
    return true;
}

/* Labels and access lists. A file system that has none of these is no error. */
static bool copy_attributes(struct arena *arena, const char *from, int to)
{
    ssize_t room = listxattr(from, NULL, 0);
    if (room <= 0)
        return true;
    char *names = arena_alloc(arena, (size_t)room);
    char *value = arena_alloc(arena, XATTR_SIZE_MAX);
    ssize_t len = names && value ? listxattr(from, names, (size_t)room) : -1;
    if (len < 0)
        return false;
    for (const char *name = names; name < names + len; name += strlen(name) + 1) {
        ssize_t got = getxattr(from, name, value, XATTR_SIZE_MAX);
        if (got >= 0 && fsetxattr(to, name, value, (size_t)got, 0) < 0 && errno != ENOTSUP)
            return false;
    }
    return true;
}

static bool is_owned_so(int fd, const struct place_file *file)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == file->user && status.st_gid == file->group;
}

/* The mode comes last: changing the owner takes bits of it away. */
static bool fill(struct arena *arena, int fd, const struct place_file *file, const char *like)
{
    return write_all(fd, file->content) &&
           (is_owned_so(fd, file) || fchown(fd, file->user, file->group) == 0) &&
           (!like || copy_attributes(arena, like, fd)) && fchmod(fd, file->mode) == 0 &&
           fsync(fd) == 0;
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

const char *place_draft_of(struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s.submilter-new", path);
}

/* A name may go to another file between opening and locking. */
static bool lock(int fd, const char *name)
{
    struct stat ours, named;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 && lstat(name, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* What one left that was cut off. False: somebody writes it just now. */
static bool clear_draft(const char *draft)
{
    int fd = open(draft, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool free = fd < 0 || lock(fd, draft);
    if (free)
        unlink(draft);
    if (fd >= 0)
        close(fd);
    return free;
}

/* Whoever holds its lock may fill, rename and remove it. */
static int open_draft(const char *draft)
{
    if (!clear_draft(draft)) {
        errno = EBUSY;
        return -1;
    }
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || lock(fd, draft))
        return fd;
    close(fd);
    errno = EBUSY;
    return -1;
}

bool place_write(struct arena *arena, const char *path, const struct place_file *file,
                 const char *like, const struct place_file *expected, struct error *error)
{
    const char *folder = place_folder_of(arena, path);
    const char *draft = place_draft_of(arena, path);
    if (!folder || !draft)
        return error_set(error, "%s cannot be written: memory is out", path);
    int fd = open_draft(draft);
    if (fd < 0 && errno == EBUSY)
        return error_set(error, "%s is being changed by somebody else: run it again", path);
    if (fd < 0)
        return say(path, "written", error);
    bool filled = fill(arena, fd, file, like && access(like, F_OK) == 0 ? like : NULL) ||
                  say(path, "written", error);
    bool placed = filled && check_expected(arena, path, expected, error) &&
                  (rename(draft, path) == 0 || say(path, "written", error));
    if (!placed)
        unlink(draft);
    close(fd); /* its lock goes; what it holds is on the disk already */
    return placed && (sync_folder(folder) || say(path, "written", error));
}

bool place_remove(struct arena *arena, const char *path, const struct place_file *expected,
                  struct error *error)
{
    return check_expected(arena, path, expected, error) &&
           (unlink(path) == 0 || errno == ENOENT || say(path, "removed", error));
}

static bool is_immutable(const char *path)
{
    struct statx status;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) == 0 &&
           status.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND);
}

static bool is_mounted(const char *path)
{
    struct statx status;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) == 0 &&
           status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

bool place_check(struct arena *arena, const char *path, struct error *error)
{
    const char *folder = place_folder_of(arena, path);
    if (!folder)
        return error_set(error, "memory is out");
    if (access(path, F_OK) == 0 && is_mounted(path))
        return error_set(error,
                         "%s is a mount point of its own (as containers have them), and cannot be "
                         "replaced: change the file that is mounted there where it comes from, or "
                         "mount its folder instead",
                         path);
    const char *fixed = is_immutable(path) ? path : is_immutable(folder) ? folder : NULL;
    if (fixed)
        return error_set(error, "%s cannot be changed, it is immutable: chattr -i %s", fixed,
                         shell_quote(arena, fixed));
    return access(folder, W_OK) == 0 || errno == ENOENT || say(path, "written", error);
}

const char *place_real_path(struct arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *kept = real ? arena_text(arena, bytes_of(real)) : NULL;
    free(real);
    if (kept || strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
        return kept ? kept : path;
    const char *folder = place_folder_of(arena, path);
    const char *above = folder ? place_real_path(arena, folder) : NULL;
    const char *slash = strrchr(path, '/');
    if (!above)
        return NULL;
    return arena_printf(arena, "%s/%s", strcmp(above, "/") == 0 ? "" : above,
                        slash ? slash + 1 : path);
}

const char *place_folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_text(arena, (struct bytes){path, (size_t)(slash - path)});
}
