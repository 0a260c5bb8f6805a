/* Names of users and groups for people to read. */
#ifndef DKIM_ACCOUNT_H
#define DKIM_ACCOUNT_H

#include <sys/types.h>

struct account {
    char text[64]; /* the name, or the number where it has none */
};

struct account account_user(uid_t user);
struct account account_group(gid_t group);

#endif
