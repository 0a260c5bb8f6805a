/* Making, locking and removing folders for drafts. */
#include "ctl/setup/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP "/tmp"
#define NAME "submilter-setup-"
#define LETTERS 6                 /* that mkdtemp(3) puts behind it */
#define MARK ".submilter-scratch" /* by which a sweep knows what scratch_make made */
#define DEEPEST 3 /* conf.d in a folder; no more than a stray tree is gone through */

static int open_folder(int above, const char *name)
{
    return openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A sweep may come between making and locking. */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened;
    struct stat named;
    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static bool mark(int folder)
{
    int fd = openat(folder, MARK, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0;
}

enum taken { TAKEN, TAKEN_BY_ANOTHER, NOT_TAKEN };

/* errno says why not. */
static enum taken take(const char *folder, int *ret_lock)
{
    int fd = open_folder(AT_FDCWD, folder);
    if (fd < 0)
        return errno == ENOENT ? TAKEN_BY_ANOTHER : NOT_TAKEN;
    *ret_lock = fd;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    bool busy = !locked && errno == EWOULDBLOCK;
    if (locked && !is_still_there(fd, folder))
        busy = true;
    else if (locked && mark(fd))
        return TAKEN;
    int why = errno;
    close(fd);
    *ret_lock = -1;
    errno = why;
    return busy ? TAKEN_BY_ANOTHER : NOT_TAKEN;
}

bool scratch_make(struct arena *arena, struct scratch *ret_scratch, struct error *error)
{
    enum taken taken = TAKEN_BY_ANOTHER;
    *ret_scratch = (struct scratch){.lock = -1};
    while (taken == TAKEN_BY_ANOTHER) {
        int lock = -1;
        char *folder = arena_text(arena, BYTES(TOP "/" NAME "XXXXXX"));
        if (!folder || !mkdtemp(folder))
            return error_set(error, "no folder can be made in " TOP ": %s", strerror(errno));
        taken = take(folder, &lock);
        if (taken == TAKEN) {
            *ret_scratch = (struct scratch){folder, lock};
            return true;
        }
        int why = errno;
        rmdir(folder);
        errno = why;
    }
    return error_set(error, "a folder in " TOP " cannot be locked: %s", strerror(errno));
}

/* What is mounted there is somebody else's. Kernels before 5.8 tell by the device alone. */
static bool is_mounted(int above, int fd)
{
    struct statx on;
    struct statx status;
    return statx(above, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &on) != 0 ||
           statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0 ||
           on.stx_dev_major != status.stx_dev_major || on.stx_dev_minor != status.stx_dev_minor ||
           status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* The mark goes last: what is cut off here is known still. */
static void empty(int folder, int depth)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    for (struct dirent *file; list && (file = readdir(list));) {
        const char *name = file->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, MARK) == 0 ||
            unlinkat(folder, name, 0) == 0 || depth == 0)
            continue;
        int below = open_folder(folder, name);
        if (below >= 0 && !is_mounted(folder, below))
            empty(below, depth - 1);
        if (below >= 0)
            close(below);
        unlinkat(folder, name, AT_REMOVEDIR);
    }
    if (list)
        closedir(list);
    unlinkat(folder, MARK, 0);
}

void scratch_remove(struct scratch *scratch)
{
    if (!scratch->folder)
        return;
    empty(scratch->lock, DEEPEST);
    rmdir(scratch->folder);
    close(scratch->lock);
    *scratch = (struct scratch){.lock = -1};
}

static bool is_named_so(const char *name)
{
    return strncmp(name, NAME, sizeof NAME - 1) == 0 && strlen(name) == sizeof NAME - 1 + LETTERS;
}

static bool is_mine(int fd)
{
    struct stat folder;
    struct stat marked;
    return fstat(fd, &folder) == 0 && folder.st_uid == geteuid() &&
           fstatat(fd, MARK, &marked, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(marked.st_mode) &&
           marked.st_uid == geteuid();
}

void scratch_sweep(void)
{
    DIR *top = opendir(TOP);
    for (struct dirent *entry; top && (entry = readdir(top));) {
        int fd = is_named_so(entry->d_name) ? open_folder(dirfd(top), entry->d_name) : -1;
        if (fd >= 0 && is_mine(fd) && !is_mounted(dirfd(top), fd) &&
            flock(fd, LOCK_EX | LOCK_NB) == 0) {
            empty(fd, DEEPEST);
            unlinkat(dirfd(top), entry->d_name, AT_REMOVEDIR);
        }
        if (fd >= 0)
            close(fd);
    }
    if (top)
        closedir(top);
}
