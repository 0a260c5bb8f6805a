/* Who could have written, replaced or read a key: the owners and modes along its path. */

#include "dkim/key_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dkim/account.h"
#include "policy/shell.h"

#define MOST_LINKS 40

static bool owner_fits(const struct keystore_options *options, const struct stat *status)
{
    return status->st_uid == 0 || status->st_uid == options->user;
}

static bool say_owner(const struct keystore_options *options, const struct stat *status,
                      const char *path, struct error *error)
{
    struct shell_word word = shell_word(path);
    return error_set(error,
                     "%s belongs to %s (mode %04o), who could put other keys in the place of "
                     "yours: it has to belong to root or %s. Mend it with: chown root %s",
                     word.text, account_user(status->st_uid).text, status->st_mode & 07777U,
                     account_user(options->user).text, word.text);
}

static bool check_folder(const struct keystore_options *options, const struct stat *status,
                         const char *path, struct error *error)
{
    if (!owner_fits(options, status))
        return say_owner(options, status, path, error);
    bool sticky = (status->st_mode & S_ISVTX) && status->st_uid == 0;
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0 || sticky)
        return true;
    struct shell_word word = shell_word(path);
    return error_set(error,
                     "%s can be written by %s (mode %04o, %s:%s), who could put other keys in the "
                     "place of yours: only its owner may. Mend it with: chmod go-w %s",
                     word.text, status->st_mode & S_IWOTH ? "everybody" : "its group",
                     status->st_mode & 07777U, account_user(status->st_uid).text,
                     account_group(status->st_gid).text, word.text);
}

static bool say_cannot(const char *what, const char *path, struct error *error)
{
    return error_set(error, "%s cannot be %s: %s", shell_word(path).text, what, strerror(errno));
}

static bool say_no_entry(const struct keystore_options *options, const char *path,
                         struct error *error)
{
    struct shell_word word = shell_word(path);
    const struct account group = account_group(options->group);
    const struct account user = account_user(geteuid());
    return error_set(error,
                     "%s cannot be opened by %s: Permission denied. Look as root. Only if "
                     "submilter runs as %s: Mend it with: chown root:%s %s && chmod 0750 %s",
                     word.text, user.text, user.text, group.text, word.text, word.text);
}

/* One step of a walk along a path whose links are taken apart by hand. */
struct walk {
    const struct keystore_options *options;
    int fd;              /* where we are */
    char here[PATH_MAX]; /* its name, for errors */
    char rest[PATH_MAX]; /* what is still to go */
    unsigned links;
    bool missing;
};

static bool go_to(struct walk *walk, int from, const char *name, struct error *error)
{
    struct stat status;
    int fd = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? say_no_entry(walk->options, walk->here, error)
                               : say_cannot("opened", walk->here, error);
    if (walk->fd >= 0)
        close(walk->fd);
    walk->fd = fd;
    if (fstat(fd, &status) != 0)
        return say_cannot("looked at", walk->here, error);
    return check_folder(walk->options, &status, walk->here, error);
}

static bool start_at_top(struct walk *walk, struct error *error)
{
    strcpy(walk->here, "/");
    return go_to(walk, AT_FDCWD, "/", error);
}

/* Puts a link's target before what is still to go. */
static bool follow(struct walk *walk, const char *name, const struct stat *status,
                   struct error *error)
{
    char target[PATH_MAX], rest[PATH_MAX];
    if (!owner_fits(walk->options, status))
        return say_owner(walk->options, status, walk->here, error);
    ssize_t len = readlinkat(walk->fd, name, target, sizeof target - 1);
    if (len < 0)
        return say_cannot("read", walk->here, error);
    target[len] = '\0';
    int all = snprintf(rest, sizeof rest, "%s/%s", target, walk->rest);
    if (all < 0 || (size_t)all >= sizeof rest || ++walk->links > MOST_LINKS)
        return error_set(error, "%s leads through too many links", shell_word(walk->here).text);
    memcpy(walk->rest, rest, sizeof rest);
    char *slash = strrchr(walk->here, '/');
    slash[slash == walk->here] = '\0';
    return *target == '/' ? start_at_top(walk, error) : true;
}

static bool step(struct walk *walk, const char *name, struct error *error)
{
    struct stat status;
    size_t len = strlen(walk->here);
    int added =
        snprintf(walk->here + len, sizeof walk->here - len, "%s%s", len > 1 ? "/" : "", name);
    if (added < 0 || (size_t)added >= sizeof walk->here - len)
        return error_set(error, "the path of the keys is too long");
    if (fstatat(walk->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        walk->missing = errno == ENOENT;
        if (errno == EACCES)
            return say_no_entry(walk->options, walk->here, error);
        return say_cannot("looked at", walk->here, error);
    }
    if (S_ISLNK(status.st_mode))
        return follow(walk, name, &status, error);
    if (!S_ISDIR(status.st_mode))
        return error_set(error,
                         "%s is not a folder: the keys lie in <folder>/<domain>/"
                         "<selector>.pem",
                         shell_word(walk->here).text);
    return go_to(walk, walk->fd, name, error);
}

static bool walk_on(struct walk *walk, struct error *error)
{
    while (*walk->rest) {
        char name[NAME_MAX + 1];
        size_t len = strcspn(walk->rest, "/");
        if (len > NAME_MAX)
            return error_set(error, "the path of the keys has too long a name in it");
        memcpy(name, walk->rest, len);
        name[len] = '\0';
        size_t skip = len + (walk->rest[len] == '/');
        memmove(walk->rest, walk->rest + skip, strlen(walk->rest + skip) + 1);
        if (len && strcmp(name, ".") != 0 && !step(walk, name, error))
            return false;
    }
    return true;
}

static bool walk_path(struct walk *walk, struct error *error)
{
    char base[PATH_MAX] = "";
    const char *folder = walk->options->folder;
    if (*folder != '/' && !getcwd(base, sizeof base))
        return say_cannot("found", folder, error);
    int len = snprintf(walk->rest, sizeof walk->rest, "%s/%s", base, folder);
    if (len < 0 || (size_t)len >= sizeof walk->rest)
        return error_set(error, "the path of the keys is too long");
    return start_at_top(walk, error) && walk_on(walk, error);
}

bool key_path_open_root(const struct keystore_options *options, int *ret_fd, struct error *error)
{
    *ret_fd = -1;
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        return error_set(error, "memory is out");
    walk->options = options;
    walk->fd = -1;
    bool good = walk_path(walk, error);
    if (good) {
        *ret_fd = openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*ret_fd < 0)
            good = errno == EACCES ? say_no_entry(options, walk->here, error)
                                   : say_cannot("opened", walk->here, error);
    }
    good = good || walk->missing;
    if (walk->fd >= 0)
        close(walk->fd);
    free(walk);
    return good;
}

bool key_path_open_folder(const struct keystore_options *options, int parent, const char *name,
                          const char *path, int *ret_fd, struct error *error)
{
    struct stat status;
    *ret_fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_fd < 0)
        return errno == EACCES ? say_no_entry(options, path, error)
                               : say_cannot("opened", path, error);
    if (fstat(*ret_fd, &status) == 0 ? check_folder(options, &status, path, error)
                                     : say_cannot("looked at", path, error))
        return true;
    close(*ret_fd);
    *ret_fd = -1;
    return false;
}

/* Says who may read a key file, who can, and the commands that bring the one to the other. */
static bool check_file(const struct keystore_options *options, const struct stat *status,
                       const char *path, struct error *error)
{
    unsigned mode = status->st_mode & 07777U;
    bool owner = owner_fits(options, status);
    bool modes = (mode & (S_IRWXO | S_IWGRP | S_IXGRP)) == 0;
    bool group = (mode & S_IRGRP) == 0 || status->st_gid == options->group;
    if (owner && modes && group)
        return true;
    bool chown = !owner || status->st_gid != options->group;
    struct shell_word word = shell_word(path);
    struct account to_group = account_group(options->group);
    char command[1200] = "";
    size_t len = 0;
    if (chown)
        len = (size_t)snprintf(command, sizeof command, "chown root:%s %s%s", to_group.text,
                               word.text, modes && owner ? "" : " && ");
    if (!modes || !owner)
        snprintf(command + len, sizeof command - len, "chmod 0640 %s", word.text);
    return error_set(error,
                     "%s has mode %04o and belongs to %s:%s: a private key has to belong to root "
                     "or %s, and nobody but they and the group %s may read it. Mend it with: %s",
                     word.text, mode, account_user(status->st_uid).text,
                     account_group(status->st_gid).text, account_user(options->user).text,
                     to_group.text, command);
}

bool key_path_open_file(const struct keystore_options *options, int parent, const char *name,
                        const char *path, int *ret_fd, struct stat *ret_status, struct error *error)
{
    struct shell_word word = shell_word(path);
    *ret_fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*ret_fd < 0 && errno == EACCES)
        return error_set(
            error,
            "%s cannot be read by %s: Permission denied. Mend it with: chown root:%s "
            "%s && chmod 0640 %s (or restart, if keys are to be readable by root only)",
            word.text, account_user(geteuid()).text, account_group(options->group).text, word.text,
            word.text);
    if (*ret_fd < 0 && errno == ELOOP)
        return error_set(error,
                         "%s is a link: a key has to be a file of its own. Mend it with: cp "
                         "--remove-destination \"$(readlink -f %s)\" %s",
                         word.text, word.text, word.text);
    if (*ret_fd < 0)
        return say_cannot("opened", path, error);
    bool good = fstat(*ret_fd, ret_status) == 0 || say_cannot("looked at", path, error);
    if (good && !S_ISREG(ret_status->st_mode))
        good = error_set(error,
                         "%s is not a regular file: a name that ends in .pem is taken for a "
                         "private key",
                         word.text);
    if (good && check_file(options, ret_status, path, error))
        return true;
    close(*ret_fd);
    *ret_fd = -1;
    return false;
}
