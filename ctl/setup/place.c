/* Reading files whole and replacing them in one step. */
#include "ctl/setup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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

bool place_write(struct arena *arena, const char *path, const struct place_file *file,
                 const char *like, struct error *error)
{
    const char *folder = place_folder_of(arena, path);
    const char *draft = arena_printf(arena, "%s.submilter-new", path);
    if (!folder || !draft)
        return error_set(error, "%s cannot be written: memory is out", path);
    unlink(draft); /* of one that was cut off */
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return say(path, "written", error);
    bool done = fill(arena, fd, file, like && access(like, F_OK) == 0 ? like : NULL);
    int cause = errno;
    if (close(fd) < 0 && done) {
        cause = errno;
        done = false;
    }
    if (done && rename(draft, path) == 0)
        return sync_folder(folder) || say(path, "written", error);
    errno = done ? errno : cause;
    say(path, "written", error);
    unlink(draft);
    return false;
}

bool place_remove(const char *path, struct error *error)
{
    return unlink(path) == 0 || errno == ENOENT || say(path, "removed", error);
}

const char *place_real_path(struct arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return path;
    const char *kept = arena_text(arena, bytes_of(real));
    free(real);
    return kept;
}

const char *place_folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_text(arena, (struct bytes){path, (size_t)(slash - path)});
}
