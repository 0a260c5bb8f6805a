/* Giving root away. */
#include "milter/privileges.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gate/snapshot.h"

void privileges_hide_memory(void)
{
    struct rlimit limit;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static void show_memory(void)
{
    struct rlimit limit;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static bool become_user(const struct settings *settings, struct error *error)
{
    uid_t user;
    gid_t group;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(error, "prctl: %s", strerror(errno));
    if (geteuid() != 0 || !settings->user)
        return true;
    if (!snapshot_identity(settings, &user, &group, error))
        return false;
    if (initgroups(settings->user, group) < 0 || setresgid(group, group, group) < 0 ||
        setresuid(user, user, user) < 0)
        return error_set(error, "cannot become the user \"%s\": %s", settings->user,
                         strerror(errno));
    if (user != 0 && setuid(0) == 0)
        return error_set(error, "could become root again after becoming \"%s\"", settings->user);
    return true;
}

/* Another user's credentials set what the kernel thinks of dumps anew. */
bool privileges_drop(const struct settings *settings, struct error *error)
{
    if (!become_user(settings, error))
        return false;
    if (settings->core_dumps)
        show_memory();
    else
        privileges_hide_memory();
    return true;
}

void privileges_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
