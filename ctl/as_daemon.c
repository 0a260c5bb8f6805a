/* Becoming the daemon's user. */
#include "ctl/as_daemon.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gate/snapshot.h"

bool as_daemon_become(const struct settings *settings, struct error *error)
{
    uid_t user;
    gid_t group;
    if (geteuid() != 0 || !settings->user)
        return true;
    if (!snapshot_identity(settings, &user, &group, error))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || initgroups(settings->user, group) < 0 ||
        setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0)
        return error_set(error, "cannot become the user \"%s\": %s", settings->user,
                         strerror(errno));
    /* Nor does another process of that user get hold of this one, which has root's terminal. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_set(error, "prctl: %s", strerror(errno));
    return user == 0 || setuid(0) < 0 ||
           error_set(error, "could become root again after becoming \"%s\"", settings->user);
}
