/* Users and groups: their names for people to read, and who has a name. */
#ifndef DKIM_ACCOUNT_H
#define DKIM_ACCOUNT_H

#include <sys/types.h>

struct account {
    char text[64]; /* the name, or the number where it has none */
};

struct account account_user(uid_t user);
struct account account_group(gid_t group);

/* Who has that name: 0, ENOENT where nobody has, or why it cannot be known (errno's numbers), as
 * where a directory service is down. */
int account_find_user(const char *name, uid_t *ret_user, gid_t *ret_group);
int account_find_group(const char *name, gid_t *ret_group);

#endif
