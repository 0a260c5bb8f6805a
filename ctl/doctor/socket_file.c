/* Whose the socket is, as it stands in the file system, whatever the MTA is. */
#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/socket_access.h"
#include "ctl/doctor/swap.h"
#include "dkim/account.h"

static const struct doctor_kind kinds[] = {
    {"socket.open", DOCTOR_PROBLEM, "every user of this host may connect to submilter's socket",
     "Who can connect can make submilter sign, and say what it likes of TLS and logins."},
    {"socket.owner", DOCTOR_PROBLEM,
     "submilter's socket belongs to another user than the daemon runs as",
     "The daemon asks itself at its socket whether it still answers; with systemd it is ended "
     "when it cannot, and another user could put another socket there."},
    {"socket.swapped", DOCTOR_PROBLEM,
     "there is something else than a socket in its place, in a folder that is not root's",
     "A link there leads who mends its owner or its mode to another file, of root's too."},
};

/* As its owner: where that is the daemon's user, a link in its place would lead no further than
 * what that one may change anyway. */
static struct mend mend_close(struct doctor *doctor, const char *path, const struct stat *status)
{
    const char *word = mend_quote(doctor, path);
    const struct account owner = account_user(status->st_uid);
    if (swap_is_roots_path(path))
        return mend_command(doctor, "chmod o-rwx %s", word);
    if (status->st_uid != 0)
        return mend_command(doctor, "%schmod o-rwx %s", swap_as(doctor, owner.text), word);
    return mend_command(doctor, "%s", socket_access_anew(doctor));
}

static struct mend mend_give(struct doctor *doctor, const char *path)
{
    if (!swap_is_roots_path(path))
        return mend_command(doctor, "%s", socket_access_anew(doctor));
    return mend_command(doctor, "chown %s %s", mend_quote(doctor, doctor->settings->user),
                        mend_quote(doctor, path));
}

static void look(struct doctor *doctor)
{
    struct stat status;
    struct error error;
    uid_t user;
    gid_t group;
    if (!doctor->settings)
        return;
    const char *socket = doctor->settings->socket;
    const char *path = strncmp(socket, "unix:", 5) == 0    ? socket + 5
                       : strncmp(socket, "local:", 6) == 0 ? socket + 6
                                                           : NULL;
    const char *strange = path ? swap_find(doctor, path) : NULL;
    if (strange) {
        doctor_find(doctor, "socket.swapped", path,
                    swap_mend(doctor, strange, socket_access_anew(doctor)), "%s", strange);
        return;
    }
    if (!path || lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return; /* the MTA's check says so */
    if (status.st_mode & S_IWOTH)
        doctor_find(doctor, "socket.open", path, mend_close(doctor, path, &status),
                    "its mode is %04o", (unsigned)(status.st_mode & 07777));
    if (doctor->settings->user && snapshot_identity(doctor->settings, &user, &group, &error) &&
        status.st_uid != user)
        doctor_find(doctor, "socket.owner", path, mend_give(doctor, path),
                    "it belongs to %s, and user of %s is %s", account_user(status.st_uid).text,
                    doctor->config, doctor->settings->user);
}

const struct doctor_check doctor_check_socket_file = {
    .theme = "socket",
    .looks_at = "whose submilter's socket is",
    DOCTOR_KINDS(kinds),
    .look = look,
};
