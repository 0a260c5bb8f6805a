/* Looking up names of users and groups. */
#include "dkim/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* An entry holds all names of a group's members. */
#define ROOM ((size_t)16 * 1024)
#define MOST_ROOM ((size_t)64 * 1024 * 1024)

struct found {
    bool is_there;
    uid_t user;
    gid_t group;
    struct account account;
};

/* One of the C library's look-ups: its status, and what it found. */
typedef int ask_function(const void *key, char *buffer, size_t room, struct found *ret_found);

static int take_user(int failed, const struct passwd *entry, struct found *ret_found)
{
    ret_found->is_there = !failed && entry;
    if (!ret_found->is_there)
        return failed;
    ret_found->user = entry->pw_uid;
    ret_found->group = entry->pw_gid;
    snprintf(ret_found->account.text, sizeof ret_found->account.text, "%s", entry->pw_name);
    return 0;
}

static int take_group(int failed, const struct group *entry, struct found *ret_found)
{
    ret_found->is_there = !failed && entry;
    if (!ret_found->is_there)
        return failed;
    ret_found->group = entry->gr_gid;
    snprintf(ret_found->account.text, sizeof ret_found->account.text, "%s", entry->gr_name);
    return 0;
}

static int user_by_name(const void *name, char *buffer, size_t room, struct found *ret_found)
{
    struct passwd entry, *found = NULL;
    int failed = getpwnam_r(name, &entry, buffer, room, &found);
    return take_user(failed, found, ret_found);
}

static int user_by_number(const void *user, char *buffer, size_t room, struct found *ret_found)
{
    struct passwd entry, *found = NULL;
    int failed = getpwuid_r(*(const uid_t *)user, &entry, buffer, room, &found);
    return take_user(failed, found, ret_found);
}

static int group_by_name(const void *name, char *buffer, size_t room, struct found *ret_found)
{
    struct group entry, *found = NULL;
    int failed = getgrnam_r(name, &entry, buffer, room, &found);
    return take_group(failed, found, ret_found);
}

static int group_by_number(const void *group, char *buffer, size_t room, struct found *ret_found)
{
    struct group entry, *found = NULL;
    int failed = getgrgid_r(*(const gid_t *)group, &entry, buffer, room, &found);
    return take_group(failed, found, ret_found);
}

/* 0, ENOENT, or why it cannot be known. */
static int look_up(ask_function *ask, const void *key, struct found *ret_found)
{
    int failed = ERANGE;
    *ret_found = (struct found){0};
    for (size_t room = ROOM; failed == ERANGE && room <= MOST_ROOM; room *= 4) {
        char *buffer = malloc(room);
        failed = buffer ? ask(key, buffer, room, ret_found) : ENOMEM;
        free(buffer);
    }
    switch (failed) {
    case 0:
        return ret_found->is_there ? 0 : ENOENT;
    case ESRCH:
    case EBADF:
    case EPERM:
        return ENOENT; /* as getpwnam_r(3) has it */
    default:
        return failed;
    }
}

static struct account shown(ask_function *ask, const void *key, unsigned long number)
{
    struct found found;
    if (look_up(ask, key, &found) != 0)
        snprintf(found.account.text, sizeof found.account.text, "%lu", number);
    return found.account;
}

struct account account_user(uid_t user)
{
    return shown(user_by_number, &user, (unsigned long)user);
}

struct account account_group(gid_t group)
{
    return shown(group_by_number, &group, (unsigned long)group);
}

int account_find_user(const char *name, uid_t *ret_user, gid_t *ret_group)
{
    struct found found;
    int failed = look_up(user_by_name, name, &found);
    if (failed)
        return failed;
    *ret_user = found.user;
    *ret_group = found.group;
    return 0;
}

int account_find_group(const char *name, gid_t *ret_group)
{
    struct found found;
    int failed = look_up(group_by_name, name, &found);
    if (failed)
        return failed;
    *ret_group = found.group;
    return 0;
}
