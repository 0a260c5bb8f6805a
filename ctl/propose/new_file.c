/* Writing beside the place, then linking into it: a link is never made over what is there. */
#include "ctl/propose/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path, struct error *error)
{
    return error_set(error,
                     "%s is there already, and is not written over: name another file, or move it "
                     "away",
                     path);
}

bool new_file_path(const char *path, char **ret_path, struct error *error)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char folder[PATH_MAX] = ".";
    char whole[PATH_MAX];
    struct stat status;
    if (slash && (size_t)(slash - path) < sizeof folder)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_set(error, "%s is no name for a file", path);
    if (strlen(path) >= PATH_MAX || !realpath(folder, whole))
        return error_set(error, "%s: %s", folder, strerror(errno));
    if (lstat(path, &status) == 0)
        return is_there(path, error);
    if (asprintf(ret_path, "%s%s%s", whole, strcmp(whole, "/") == 0 ? "" : "/", name) >= 0)
        return true;
    *ret_path = NULL;
    return error_set(error, "out of memory");
}

static bool write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno != EINTR)
            return false;
        text = bytes_slice(text, written > 0 ? (size_t)written : 0, text.len);
    }
    return fsync(fd) == 0;
}

bool new_file_write(const char *path, mode_t mode, struct bytes text, struct error *error)
{
    char *beside = NULL;
    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return error_set(error, "out of memory");
    int fd = mkostemp(beside, O_CLOEXEC);
    bool made = fd >= 0;
    /* Not by way of the umask: the daemon's user is to read it. */
    bool written = made && fchmod(fd, mode) == 0 && write_all(fd, text) && link(beside, path) == 0;
    int reason = errno;
    if (made) {
        close(fd);
        unlink(beside);
    }
    free(beside);
    if (!written && reason == EEXIST)
        return is_there(path, error);
    return written || error_set(error, "%s cannot be written: %s", path, strerror(reason));
}
