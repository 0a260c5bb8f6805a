/* Walking to the backups' folder from the top, one checked folder after the other. */
#include "ctl/setup/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dkim/account.h"

#define MOST_LINKS 40
/* No command for it: the folder may be /tmp or /etc, and what lies in a foreign one is forged. */
#define ELSEWHERE "name another folder with --state"
#define OR_AWAY " or, if this one is for submilter alone, move it away"

struct walk {
    struct arena *arena;
    int fd;
    const char *here; /* "" at the top */
    const char *rest;
    unsigned links;
};

static bool say(const char *path, const char *what, struct error *error)
{
    return error_set(error, "%s, for the backups, cannot be %s: %s", path, what, strerror(errno));
}

static bool owner_fits(const struct stat *status)
{
    return status->st_uid == 0 || status->st_uid == geteuid();
}

static const char *shown(const char *path)
{
    return *path ? path : "/";
}

static bool check_owner(const char *path, const struct stat *status, struct error *error)
{
    return owner_fits(status) ||
           error_set(error, "%s belongs to %s, who could forge the backups below it: " ELSEWHERE,
                     shown(path), account_user(status->st_uid).text);
}

static bool check_folder(const char *path, const struct stat *status, bool last,
                         struct error *error)
{
    unsigned mode = (unsigned)status->st_mode & 07777U;
    if (last && status->st_uid == 0 && geteuid() != 0)
        return error_set(error, "%s is root's alone, for the backups: be root", shown(path));
    if (last && (mode & (S_IRWXG | S_IRWXO) || status->st_uid != geteuid()))
        return error_set(error,
                         "%s has mode %04o and belongs to %s; backups lie in a folder that setup "
                         "has made, which root alone may reach: " ELSEWHERE OR_AWAY,
                         shown(path), mode, account_user(status->st_uid).text);
    if (!check_owner(path, status, error))
        return false;
    if (!last && mode & (S_IWGRP | S_IWOTH) && !(mode & S_ISVTX))
        return error_set(
            error, "%s has mode %04o, so that others could forge the backups below it: " ELSEWHERE,
            shown(path), mode);
    return true;
}

static bool enter(struct walk *walk, const char *name, const char *path, bool last,
                  struct error *error)
{
    struct stat status;
    int fd = openat(walk->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return say(path, "opened", error);
    if (walk->fd >= 0)
        close(walk->fd);
    walk->fd = fd;
    walk->here = path;
    if (fstat(fd, &status) < 0)
        return say(path, "looked at", error);
    return check_folder(path, &status, last, error);
}

static bool start(struct walk *walk, struct error *error)
{
    walk->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    walk->here = "";
    return walk->fd >= 0 || say("/", "opened", error);
}

static bool follow(struct walk *walk, const char *name, const char *path, const struct stat *status,
                   struct error *error)
{
    char target[PATH_MAX];
    if (!check_owner(path, status, error))
        return false;
    ssize_t len = readlinkat(walk->fd, name, target, sizeof target - 1);
    if (len < 0)
        return say(path, "read", error);
    target[len] = '\0';
    walk->rest = arena_printf(walk->arena, "%s/%s", target, walk->rest);
    if (!walk->rest || ++walk->links > MOST_LINKS)
        return error_set(error, "%s leads through too many links", path);
    if (*target != '/')
        return true;
    close(walk->fd);
    return start(walk, error);
}

static const char *up_from(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return arena_text(arena, (struct bytes){path, slash ? (size_t)(slash - path) : 0});
}

static bool step(struct walk *walk, const char *name, bool last, struct error *error)
{
    struct stat status;
    const char *path = strcmp(name, "..") == 0
                           ? up_from(walk->arena, walk->here)
                           : arena_printf(walk->arena, "%s/%s", walk->here, name);
    if (!path)
        return error_set(error, "memory is out");
    if (fstatat(walk->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return say(path, "looked at", error);
        if (mkdirat(walk->fd, name, last ? 0700 : 0755) < 0)
            return say(path, "made", error);
        if (fchmodat(walk->fd, name, last ? 0700 : 0755, 0) < 0) /* whatever the umask is */
            return say(path, "made", error);
    } else if (S_ISLNK(status.st_mode)) {
        return follow(walk, name, path, &status, error);
    }
    return enter(walk, name, path, last, error);
}

static bool walk_on(struct walk *walk, struct error *error)
{
    while (*(walk->rest += strspn(walk->rest, "/"))) {
        struct bytes rest = bytes_of(walk->rest);
        size_t len = bytes_find(rest, '/');
        const char *name = arena_text(walk->arena, bytes_slice(rest, 0, len));
        if (!name)
            return error_set(error, "memory is out");
        walk->rest += len;
        bool last = !walk->rest[strspn(walk->rest, "/")];
        if (strcmp(name, ".") != 0 && !step(walk, name, last, error))
            return false;
    }
    return true;
}

/* What is walked to has to be no link, nor "..", at its end: only then the last one was checked as
 * such. */
static bool check_end(const struct walk *walk, struct error *error)
{
    struct stat status;
    if (fstatat(walk->fd, "", &status, AT_EMPTY_PATH) < 0)
        return say(walk->here, "looked at", error);
    return check_folder(walk->here, &status, true, error);
}

static bool is_read_back(const char *name)
{
    return strcmp(name, "manifest") == 0 || strcmp(name, "lock") == 0 ||
           name[strspn(name, "0123456789")] == '\0';
}

static bool check_file(const struct walk *walk, int folder, const char *name, struct error *error)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ||
               error_set(error, "%s/%s cannot be looked at: %s", walk->here, name, strerror(errno));
    if (status.st_uid == geteuid() && S_ISREG(status.st_mode) &&
        !(status.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    return error_set(error,
                     "%s/%s is no file of root's alone (mode %04o, of %s), so that it may be "
                     "forged: " ELSEWHERE ", or move %s away",
                     walk->here, name, (unsigned)status.st_mode & 07777U,
                     account_user(status.st_uid).text, shown(walk->here));
}

/* A folder that was another's may have come to root with what they put there. */
static bool check_files(const struct walk *walk, struct error *error)
{
    int fd = openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    bool good = list || say(shown(walk->here), "read", error);
    const struct dirent *file;
    errno = 0;
    while (good && (file = readdir(list))) {
        good = !is_read_back(file->d_name) || check_file(walk, fd, file->d_name, error);
        errno = 0;
    }
    if (good && errno)
        good = say(shown(walk->here), "read", error);
    if (list)
        closedir(list);
    else if (fd >= 0)
        close(fd);
    return good;
}

bool backup_folder_open(struct arena *arena, const char *folder, const char **ret_path,
                        struct error *error)
{
    char base[PATH_MAX] = "";
    struct walk walk = {.arena = arena, .fd = -1};
    if (!*folder)
        return error_set(error, "the folder for the backups has no name: give one to --state");
    if (*folder != '/' && !getcwd(base, sizeof base))
        return say(folder, "found", error);
    walk.rest = arena_printf(arena, "%s/%s", base, folder);
    if (!walk.rest)
        return error_set(error, "memory is out");
    bool good = start(&walk, error) && walk_on(&walk, error) && check_end(&walk, error) &&
                check_files(&walk, error);
    if (walk.fd >= 0)
        close(walk.fd);
    *ret_path = walk.here;
    return good;
}
