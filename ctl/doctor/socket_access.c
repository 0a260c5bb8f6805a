/* How the MTA is let in at submilter's socket. Where another than root could put a link in the
 * place of the socket it is not touched, but made anew by the daemon. */
#include "ctl/doctor/socket_access.h"

#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/running.h"
#include "ctl/doctor/swap.h"

const char *socket_access_anew(struct doctor *doctor)
{
    pid_t pid = running_find(doctor);
    return pid ? running_restart_command(doctor, pid) : running_start_command(doctor);
}

static struct mend make_anew(struct doctor *doctor, const char *path, const char *group)
{
    const struct settings *settings = doctor->settings;
    const char *anew = socket_access_anew(doctor);
    size_t len = (size_t)(strrchr(path, '/') - path);
    const char *folder = arena_text(doctor->arena, (struct bytes){path, len});
    bool named = settings->socket_group && strcmp(settings->socket_group, group) == 0;
    bool mode = (settings->socket_mode & 0060) == 0060;
    if (mode && named)
        return mend_command(doctor, "%s", anew);
    if (mode && !settings->socket_group && folder && swap_is_roots_path(folder))
        return mend_command(doctor, "chgrp %s %s && chmod g+xs %s && %s", mend_quote(doctor, group),
                            mend_quote(doctor, folder), mend_quote(doctor, folder), anew);
    return mend_sentence(doctor,
                         "say socket_group = \"%s\" and socket_mode = \"0660\" in %s, then: %s",
                         group, doctor->config, anew);
}

struct mend socket_access_mend(struct doctor *doctor, const char *path, const char *group)
{
    struct stat status;
    bool socket = lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
    const char *strange = swap_find(doctor, path);
    const char *word = mend_quote(doctor, path);
    if (strange)
        return swap_mend(doctor, strange, socket_access_anew(doctor));
    if (swap_is_roots_path(path))
        return mend_command(doctor, "chgrp %s %s && chmod %s %s", mend_quote(doctor, group), word,
                            socket ? "g+rw" : "g+x", word);
    if (socket)
        return make_anew(doctor, path, group);
    return mend_sentence(doctor,
                         "let the group %s enter %s, as its owner: it lies in a folder of "
                         "somebody else than root, who could put a link in its place",
                         group, path);
}
