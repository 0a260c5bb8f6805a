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
#define DEEPEST 3 /* conf.d in a folder; no more than a stray tree is gone through */

static int lock_at(int top, const char *name)
{
    int fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A sweep may come between making and locking. */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened;
    struct stat named;
    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

bool scratch_make(struct arena *arena, struct scratch *ret_scratch, struct error *error)
{
    *ret_scratch = (struct scratch){.lock = -1};
    for (;;) {
        char *folder = arena_text(arena, BYTES(TOP "/" NAME "XXXXXX"));
        if (!folder || !mkdtemp(folder))
            return error_set(error, "no folder can be made in " TOP ": %s", strerror(errno));
        int lock = lock_at(AT_FDCWD, folder);
        if (lock >= 0 && is_still_there(lock, folder)) {
            *ret_scratch = (struct scratch){folder, lock};
            return true;
        }
        if (lock >= 0)
            close(lock);
    }
}

static void empty(int folder, int depth)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    for (struct dirent *file; list && (file = readdir(list));) {
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0 ||
            unlinkat(folder, file->d_name, 0) == 0 || depth == 0)
            continue;
        int below = openat(folder, file->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            empty(below, depth - 1);
            close(below);
        }
        unlinkat(folder, file->d_name, AT_REMOVEDIR);
    }
    if (list)
        closedir(list);
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

static bool is_mine(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == geteuid();
}

void scratch_sweep(void)
{
    DIR *top = opendir(TOP);
    for (struct dirent *entry; top && (entry = readdir(top));) {
        bool named = strncmp(entry->d_name, NAME, sizeof NAME - 1) == 0;
        int fd = named ? lock_at(dirfd(top), entry->d_name) : -1;
        if (fd >= 0 && is_mine(fd)) {
            empty(fd, DEEPEST);
            unlinkat(dirfd(top), entry->d_name, AT_REMOVEDIR);
        }
        if (fd >= 0)
            close(fd);
    }
    if (top)
        closedir(top);
}
