/* Reading files, and saying why one can't be read. */
#include "tables/file.h"
#include "policy/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 64

static void user_name(uid_t uid, char name[NAME_SIZE])
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (!getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) && found)
        snprintf(name, NAME_SIZE, "%s", entry.pw_name);
    else
        snprintf(name, NAME_SIZE, "%lu", (unsigned long)uid);
}

static void group_name(gid_t gid, char name[NAME_SIZE])
{
    char buffer[4096];
    struct group entry;
    struct group *found = NULL;
    if (!getgrgid_r(gid, &entry, buffer, sizeof buffer, &found) && found)
        snprintf(name, NAME_SIZE, "%s", entry.gr_name);
    else
        snprintf(name, NAME_SIZE, "%lu", (unsigned long)gid);
}

/* The first folder on the way to path that we may not enter; false when there is none. */
static bool closed_folder(const char *path, char folder[PATH_MAX])
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        if (len >= PATH_MAX)
            return false;
        memcpy(folder, path, len);
        folder[len] = '\0';
        if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) && errno == EACCES)
            return true;
    }
    return false;
}

static bool not_permitted(const char *path, struct error *error)
{
    char folder[PATH_MAX];
    bool is_folder = closed_folder(path, folder);
    const char *culprit = is_folder ? folder : path;
    char us[NAME_SIZE];
    char our_group[NAME_SIZE];
    user_name(geteuid(), us);
    group_name(getegid(), our_group);
    struct stat st;
    if (stat(culprit, &st))
        return error_set(error, "%s: user %s may not read it", path, us);
    char owner[NAME_SIZE];
    char group[NAME_SIZE];
    struct shell_word word = shell_word(culprit);
    user_name(st.st_uid, owner);
    group_name(st.st_gid, group);
    return error_set(error,
                     "%s: user %s may not %s %s, which belongs to %s:%s and has mode %04o. "
                     "Try: chgrp %s %s && chmod %s %s",
                     path, us, is_folder ? "enter" : "read", culprit, owner, group,
                     (unsigned)(st.st_mode & 07777), our_group, word.text,
                     is_folder ? "g+x" : "g+r", word.text);
}

bool file_open(const char *path, int *ret_fd, struct stat *ret_stat, struct error *error)
{
    /* O_NONBLOCK: a FIFO must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EACCES)
        return not_permitted(path, error);
    if (fd < 0)
        return error_set(error, "%s: %s", path,
                         errno == ENOENT
                             ? "there is no such file; make it, or take it out of the list"
                             : strerror(errno));
    if (fstat(fd, ret_stat)) {
        error_set(error, "%s: %s", path, strerror(errno));
        close(fd);
        return false;
    }
    if (!S_ISREG(ret_stat->st_mode)) {
        close(fd);
        return error_set(error, "%s: is %s, and a file is needed", path,
                         S_ISDIR(ret_stat->st_mode) ? "a folder" : "not a regular file");
    }
    if (ret_stat->st_mode & S_IWOTH) {
        close(fd);
        return error_set(error,
                         "%s: is mode %04o: anybody on this host may change it; mend it with: "
                         "chmod o-w %s",
                         path, ret_stat->st_mode & 07777U, shell_word(path).text);
    }
    *ret_fd = fd;
    return true;
}

/* Everything up to the end, or -1 (errno set). More than size: it grew meanwhile. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t used = 0;
    while (used <= size) {
        ssize_t got = read(fd, data + used, size + 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (!got)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

enum attempt { ATTEMPT_DONE, ATTEMPT_CHANGED, ATTEMPT_FAILED };

static enum attempt try_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
                             struct file_state *ret_state, struct error *error)
{
    int fd = -1;
    struct stat before = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!file_open(path, &fd, &before, error))
        return ATTEMPT_FAILED;
    char *data = NULL;
    enum attempt result = ATTEMPT_FAILED;
    if ((unsigned long long)before.st_size > max) {
        error_set(error, "%s: has %lld bytes, and %zu is the most that is read", path,
                  (long long)before.st_size, max);
        goto out;
    }
    size_t size = (size_t)before.st_size;
    data = malloc(size + 1);
    if (!data) {
        error_set(error, "%s: out of memory for its %zu bytes", path, size);
        goto out;
    }
    *ret_state = file_state_of(&before, now);
    ssize_t got = read_all(fd, data, size);
    struct stat after;
    if (got < 0 || fstat(fd, &after)) {
        error_set(error, "%s: %s", path, strerror(errno));
        goto out;
    }
    result = ATTEMPT_CHANGED;
    if ((size_t)got == size && file_state_same(ret_state, &after)) {
        data[size] = '\0';
        *ret_data = data;
        *ret_len = size;
        data = NULL;
        result = ATTEMPT_DONE;
    }
out:
    free(data);
    close(fd);
    return result;
}

bool file_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
               struct file_state *ret_state, struct error *error)
{
    struct file_state state;
    for (int attempt = 0; attempt < 10; attempt++) {
        enum attempt result = try_read(path, max, ret_data, ret_len, &state, error);
        if (result == ATTEMPT_DONE && ret_state)
            *ret_state = state;
        if (result != ATTEMPT_CHANGED)
            return result == ATTEMPT_DONE;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    }
    return error_set(error, "%s: somebody is writing into it: try again when that is done", path);
}
