/* Looking up names of users and groups. */
#include "dkim/account.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

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
