/* log.json and history.file: whether the daemon can write them, and how large the log has grown.
 * Their folders are the daemon's user's: what root does there must follow no link. */
#include "ctl/doctor/records.h"

#include <glob.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor/mend.h"
#include "ctl/doctor/running.h"
#include "ctl/doctor/settings_text.h"
#include "ctl/doctor/swap.h"
#include "ctl/probe.h"

#define LARGE ((off_t)1 << 30)

const char *records_folder(struct doctor *doctor, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? "/"
                         : arena_text(doctor->arena, (struct bytes){path, (size_t)(slash - path)});
}

static const char *user_of(const struct doctor *doctor)
{
    return doctor->settings->user ? doctor->settings->user : "root";
}

/* Whether the daemon's user may do as it likes there. */
static bool is_the_users(const struct doctor *doctor, const char *path)
{
    const struct passwd *entry = getpwnam(user_of(doctor));
    struct stat status;
    return entry && lstat(path, &status) == 0 && status.st_uid == entry->pw_uid;
}

static struct mend mend_by_hand(struct doctor *doctor, const char *path)
{
    return mend_sentence(doctor,
                         "have the owner of its folder let %s write %s: root could be led to "
                         "another file there; or choose another path",
                         user_of(doctor), path);
}

/* The file is there, and closed to the user. */
static struct mend mend_file(struct doctor *doctor, const char *path, const char *folder)
{
    const char *user = mend_quote(doctor, user_of(doctor));
    const char *word = mend_quote(doctor, path);
    const char *reload = running_then_reload(doctor);
    if (swap_is_roots_path(path))
        return mend_command(doctor, "chown %s %s && chmod u+rw %s%s", user, word, word, reload);
    if (is_the_users(doctor, path))
        return mend_command(doctor, "%schmod u+rw %s%s", swap_as(doctor, user_of(doctor)), word,
                            reload);
    if (!is_the_users(doctor, folder))
        return mend_by_hand(doctor, path);
    const char *aside = swap_free_name(doctor, path);
    return mend_command(doctor, "%smv -n %s %s%s", swap_as(doctor, user_of(doctor)), word,
                        mend_quote(doctor, aside ? aside : ""), reload);
}

static struct mend mend_folder(struct doctor *doctor, const char *folder)
{
    const char *user = mend_quote(doctor, user_of(doctor));
    const char *word = mend_quote(doctor, folder);
    const char *reload = running_then_reload(doctor);
    if (swap_is_roots_path(folder))
        return mend_command(doctor, "install -d -o %s -g adm -m 2750 %s%s", user, word, reload);
    return mend_command(doctor, "%smkdir -p -m 2750 %s%s", swap_as(doctor, user_of(doctor)), word,
                        reload);
}

/* Whether the daemon can write its records. */
static void look_at_writing(struct doctor *doctor, const char *path, const char *folder)
{
    const char *user = user_of(doctor);
    struct probe_report report;
    if (!running_as_root_or_it(doctor)) {
        doctor_cannot_look(doctor, path, mend_sentence(doctor, "run it as root"),
                           "only root and the daemon's user can try whether it can be written");
        return;
    }
    const struct probe_as as = {.user = geteuid() == 0 ? doctor->settings->user : NULL};
    probe_write(path, &as, &report);
    const char *reload = running_then_reload(doctor);
    if (report.result == PROBE_NOT_THERE)
        doctor_find(doctor, "host.log", path, mend_folder(doctor, folder),
                    "its folder is not there");
    else if (report.result == PROBE_NO_ACCESS && strcmp(report.detail, path) == 0)
        doctor_find(doctor, "host.log", path, mend_file(doctor, path, folder), "%s cannot write it",
                    user);
    else if (report.result == PROBE_NO_ACCESS && access(path, F_OK) == 0)
        doctor_find(
            doctor, "host.log", path,
            swap_is_roots_path(report.detail)
                ? mend_command(doctor, "chmod o+x %s%s", mend_quote(doctor, report.detail), reload)
                : mend_by_hand(doctor, path),
            "%s cannot enter %s", user, report.detail);
    else if (report.result == PROBE_NO_ACCESS)
        /* The folder may be another's: it is not given away. */
        doctor_find(doctor, "host.log", path,
                    swap_is_roots_path(path)
                        ? mend_command(doctor, "install -o %s -g adm -m 0640 /dev/null %s%s",
                                       mend_quote(doctor, user), mend_quote(doctor, path), reload)
                        : mend_by_hand(doctor, path),
                    "%s cannot make it: %s cannot be written", user, report.detail);
    else if (report.result != PROBE_GOOD)
        doctor_find(doctor, "host.log", path,
                    mend_sentence(doctor, "choose a path that %s can write", user), "%s: %s",
                    report.detail, strerror(report.reason));
}

/* The file of logrotate's that names the path; NULL: none. */
static const char *rotated_by(struct doctor *doctor, const char *path)
{
    glob_t found;
    const char *file = NULL;
    if (glob("/etc/logrotate.d/*", 0, NULL, &found) == 0)
        for (size_t i = 0; !file && i < found.gl_pathc; i++)
            if (settings_text_has(found.gl_pathv[i], path))
                file = arena_text(doctor->arena, bytes_of(found.gl_pathv[i]));
    globfree(&found);
    return file;
}

static void look_at_size(struct doctor *doctor, const char *path, const char *folder)
{
    struct stat status;
    if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= LARGE)
        return;
    const char *by = rotated_by(doctor, path);
    const char *name = swap_free_name(doctor, path);
    bool roots = swap_is_roots_path(path);
    struct mend mend = mend_by_hand(doctor, path);
    if (by)
        mend = mend_command(doctor, "logrotate -f %s", mend_quote(doctor, by));
    else if (name && (roots || is_the_users(doctor, folder)))
        mend = mend_command(doctor, "%smv -n %s %s%s",
                            roots ? "" : swap_as(doctor, user_of(doctor)), mend_quote(doctor, path),
                            mend_quote(doctor, name), running_then_reload(doctor));
    doctor_find(doctor, "host.log-large", path, mend, "it has %lld MB%s%s",
                (long long)(status.st_size >> 20), by ? ", rotated by " : "", by ? by : "");
}

/* Whether the path is a file's, or nothing's yet. */
static bool look_at_place(struct doctor *doctor, const char *path)
{
    const char *strange = swap_find(doctor, path);
    if (strange)
        doctor_find(doctor, "host.log-swapped", path,
                    swap_mend(doctor, strange, running_start_command(doctor)), "%s", strange);
    return !strange;
}

void records_look(struct doctor *doctor)
{
    const char *log = doctor->settings->log.json;
    const char *history = doctor->settings->history.file;
    const char *log_folder = log ? records_folder(doctor, log) : NULL;
    const char *history_folder = history ? records_folder(doctor, history) : NULL;
    if (log_folder && look_at_place(doctor, log)) {
        look_at_writing(doctor, log, log_folder);
        look_at_size(doctor, log, log_folder);
    }
    if (history_folder && look_at_place(doctor, history))
        look_at_writing(doctor, history, history_folder);
}
