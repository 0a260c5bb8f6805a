/* Looking up names of users and groups. */
#include "dkim/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

/* An entry holds all names of a group's members. */
#define ROOM ((size_t)16 * 1024)
#define MOST_ROOM ((size_t)64 * 1024 * 1024)

struct account account_user(uid_t user)
{
    struct account account;
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (getpwuid_r(user, &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(account.text, sizeof account.text, "%s", found->pw_name);
    else
        snprintf(account.text, sizeof account.text, "%lu", (unsigned long)user);
    return account;
}

struct account account_group(gid_t group)
{
    struct account account;
    struct group entry, *found = NULL;
    char buffer[16384];
    if (getgrgid_r(group, &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(account.text, sizeof account.text, "%s", found->gr_name);
    else
        snprintf(account.text, sizeof account.text, "%lu", (unsigned long)group);
    return account;
}

static int why_not(int failed)
{
    switch (failed) {
    case 0:
    case ESRCH:
    case EBADF:
    case EPERM:
        return ENOENT; /* as getpwnam_r(3) has it */
    default:
        return failed;
    }
}

int account_find_user(const char *name, uid_t *ret_user, gid_t *ret_group)
{
    struct passwd entry, *found = NULL;
    int failed = ERANGE;
    for (size_t room = ROOM; failed == ERANGE && room <= MOST_ROOM; room *= 4) {
        char *buffer = malloc(room);
        failed = buffer ? getpwnam_r(name, &entry, buffer, room, &found) : ENOMEM;
        free(buffer);
    }
    if (failed || !found)
        return why_not(failed);
    *ret_user = entry.pw_uid;
    *ret_group = entry.pw_gid;
    return 0;
}

int account_find_group(const char *name, gid_t *ret_group)
{
    struct group entry, *found = NULL;
    int failed = ERANGE;
    for (size_t room = ROOM; failed == ERANGE && room <= MOST_ROOM; room *= 4) {
        char *buffer = malloc(room);
        failed = buffer ? getgrnam_r(name, &entry, buffer, room, &found) : ENOMEM;
        free(buffer);
    }
    if (failed || !found)
        return why_not(failed);
    *ret_group = entry.gr_gid;
    return 0;
}
