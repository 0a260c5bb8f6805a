/* Paths on which somebody else than root can put another file in the place of one. */
#include "ctl/doctor/swap.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/mend.h"

/* Whether only root can take away or exchange what has this status, or is not there (NULL), in the
 * folder. */
static bool only_root_exchanges(const struct stat *folder, const struct stat *in_it)
{
    if (folder->st_uid != 0)
        return false;
    bool open = (folder->st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return !open || ((folder->st_mode & S_ISVTX) && in_it && in_it->st_uid == 0);
}

static bool is_plain(const struct stat *status, bool last)
{
    if (S_ISDIR(status->st_mode))
        return true;
    return status->st_nlink == 1 && (S_ISREG(status->st_mode) || S_ISSOCK(status->st_mode)) == last;
}

struct walk {
    bool exchangeable;      /* a component can be exchanged */
    bool linked;            /* a component of root's own is a link */
    char strange[PATH_MAX]; /* swap_find's; "": none */
};

static void walk(const char *path, struct walk *walk)
{
    char at[PATH_MAX] = "/";
    struct stat folder;
    struct stat status;
    *walk = (struct walk){.exchangeable = path[0] != '/'};
    if (stat(at, &folder) < 0)
        return;
    for (size_t end = 1; path[0] == '/' && path[end - 1];) {
        end += strcspn(path + end, "/");
        bool last = path[end] == '\0';
        if (end >= sizeof at) {
            walk->exchangeable = true;
            return;
        }
        memcpy(at, path, end);
        at[end++] = '\0';
        bool there = lstat(at, &status) == 0;
        bool roots = !walk->exchangeable && only_root_exchanges(&folder, there ? &status : NULL);
        walk->exchangeable = !roots;
        if (!there)
            return;
        if (!roots && !is_plain(&status, last)) {
            snprintf(walk->strange, sizeof walk->strange, "%s", at);
            return;
        }
        walk->linked = walk->linked || S_ISLNK(status.st_mode);
        if (last || stat(at, &folder) < 0)
            return;
    }
}

/* Where root's own links lead to. What is not there yet has no real path: its folder has. */
static bool follow(const char *path, char *real)
{
    char folder[PATH_MAX];
    if (realpath(path, real))
        return true;
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (!realpath(folder, real) || strlen(real) + strlen(slash) >= PATH_MAX)
        return false;
    strcat(real, slash);
    return true;
}

static void walk_all(const char *path, struct walk *ret_walk)
{
    char real[PATH_MAX];
    walk(path, ret_walk);
    if (!ret_walk->exchangeable && ret_walk->linked) {
        if (follow(path, real))
            walk(real, ret_walk);
        else
            ret_walk->exchangeable = true;
    }
}

bool swap_is_roots_path(const char *path)
{
    struct walk found;
    walk_all(path, &found);
    return !found.exchangeable;
}

const char *swap_find(struct doctor *doctor, const char *path)
{
    struct walk found;
    walk_all(path, &found);
    return *found.strange ? arena_text(doctor->arena, bytes_of(found.strange)) : NULL;
}

struct mend swap_mend(struct doctor *doctor, const char *found, const char *then)
{
    return mend_sentence(doctor,
                         "see what it is and who put it there (ls -l %s); change neither its owner "
                         "nor its mode, which would be those of the file that it stands for; stop "
                         "submilter, remove it (rm %s), then: %s",
                         mend_quote(doctor, found), mend_quote(doctor, found), then);
}

const char *swap_as(struct doctor *doctor, const char *user)
{
    const char *words = arena_printf(doctor->arena, "runuser -u %s -- ", mend_quote(doctor, user));
    return words ? words : "";
}

const char *swap_free_name(struct doctor *doctor, const char *path)
{
    struct stat status;
    const char *name = NULL;
    for (unsigned i = 1; i < 10000; i++) {
        name = arena_printf(doctor->arena, "%s.%u", path, i);
        if (!name || lstat(name, &status) < 0)
            break;
    }
    return name;
}
