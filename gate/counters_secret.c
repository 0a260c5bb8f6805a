/* Reading and making the secret's file. */
#include "gate/counters_secret.h"
#include "policy/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* others: what they may not. */
static bool check_mode(const struct stat *status, mode_t others, const char *mend, const char *path,
                       struct error *error)
{
    return !(status->st_mode & others) ||
           error_set(error,
                     "%s is mode %04o: others may read or write it; mend it with: chmod %s %s",
                     path, status->st_mode & 07777U, mend, shell_word(path).text);
}

static bool blame_owner(const struct stat *status, const char *path, struct error *error)
{
    return error_set(error,
                     "%s belongs to the user with the number %u, who may change it; mend it with: "
                     "chown %u %s",
                     path, (unsigned)status->st_uid, (unsigned)geteuid(), shell_word(path).text);
}

static bool check(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s is not a plain file", path);
    if (!check_mode(&status, S_IRWXG | S_IRWXO, "600", path, error) ||
        (status.st_uid != geteuid() && !blame_owner(&status, path, error)))
        return false;
    if (status.st_size != COUNTERS_SECRET_SIZE)
        return error_set(error,
                         "%s has %lld bytes instead of %d: copy it from another host of the "
                         "fleet, or remove it, and correspondents are learnt anew",
                         path, (long long)status.st_size, COUNTERS_SECRET_SIZE);
    return true;
}

bool counters_secret_read(const char *path, uint8_t ret_secret[COUNTERS_SECRET_SIZE],
                          struct error *error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, "cannot read %s: %s", path, strerror(errno));
    bool good = check(fd, path, error);
    if (good && read(fd, ret_secret, COUNTERS_SECRET_SIZE) != COUNTERS_SECRET_SIZE)
        good = error_set(error, "cannot read %s: %s", path, strerror(errno));
    close(fd);
    return good;
}

bool counters_secret_guard(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return true;
    bool is_roots = status.st_uid == 0 && (status.st_gid == 0 || status.st_gid == getegid());
    mode_t others = is_roots ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    return check_mode(&status, others, is_roots ? "640" : "600", path, error) &&
           (status.st_uid == geteuid() || status.st_uid == 0 || blame_owner(&status, path, error));
}

static bool fill(int fd)
{
    uint8_t secret[COUNTERS_SECRET_SIZE];
    return getrandom(secret, sizeof secret, 0) == (ssize_t)sizeof secret &&
           write(fd, secret, sizeof secret) == (ssize_t)sizeof secret && fsync(fd) == 0;
}

bool counters_secret_make(const char *path, struct error *error)
{
    char draft[PATH_SIZE];
    if (access(path, F_OK) == 0)
        return true;
    snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid());
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, "cannot make %s: %s", path, strerror(errno));
    /* It appears as a whole, and whoever was first has made it. */
    bool made = fill(fd) && (link(draft, path) == 0 || errno == EEXIST);
    int reason = errno;
    close(fd);
    unlink(draft);
    return made || error_set(error, "cannot make %s: %s", path, strerror(reason));
}
