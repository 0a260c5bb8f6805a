/* Whether anybody but root could put something else in the place of what the daemon goes by: its
 * configuration, its tables of senders, the program that hears of alerts. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/files.h"
#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/swap.h"
#include "ctl/probe.h"
#include "dkim/account.h"

static const struct doctor_kind kinds[] = {
    {"config.writable", DOCTOR_ADVICE,
     "somebody else than root can write the configuration, a table of senders, the program of "
     "alerts, or a folder on the way to it",
     "Whoever takes over the daemon, or is in that group, decides what is refused and signed, who "
     "may send as whom, and with which rights the daemon starts next time: root reads what was "
     "written there."},
};

enum part {
    PART_ABOVE,  /* a folder on the way, in which nothing new is read */
    PART_FOLDER, /* one of which whatever is put there is read */
    PART_FILE,
};

/* Where nobody but its owner may exchange what is in a folder, that is enough above. */
static bool is_open(const struct stat *status, enum part part)
{
    return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
           !(part == PART_ABOVE && (status->st_mode & S_ISVTX));
}

static bool is_found(struct doctor *doctor, const char *path)
{
    for (size_t i = 0; i < doctor->count; i++)
        if (strcmp(doctor->findings[i].kind->id, "config.writable") == 0 &&
            strcmp(doctor->findings[i].where, path) == 0)
            return true;
    return false;
}

/* The daemon reads it at a reload, too, as its user. */
static struct mend mend_owner(struct doctor *doctor, const char *path)
{
    const char *word = mend_quote(doctor, path);
    const char *name = doctor->settings->user;
    const char *group = name ? probe_group(name) : "root";
    if (!swap_is_roots_path(path))
        return mend_sentence(doctor,
                             "make it root's (chown root %s), and first of all the folders that it "
                             "lies in: their owner could put a link in its place",
                             word);
    return mend_command(doctor, "chown root:%s %s && chmod g+rX,go-w %s", mend_quote(doctor, group),
                        word, word);
}

/* False: it is as it should be, or not there. */
static bool look_at(struct doctor *doctor, uid_t user, const char *path, enum part part)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return false;
    const char *where = arena_text(doctor->arena, bytes_of(path));
    if (!where || is_found(doctor, path))
        return true;
    if (user && status.st_uid == user) {
        doctor_find(doctor, "config.writable", where, mend_owner(doctor, where),
                    "it belongs to %s, as whom the daemon runs", doctor->settings->user);
        return true;
    }
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        doctor_find(doctor, "config.writable", where,
                    part == PART_ABOVE
                        ? mend_sentence(doctor, "keep it where all folders on the way are root's, "
                                                "and have the daemon use that")
                        : mend_owner(doctor, where),
                    "it belongs to %s, who is not root", account_user(status.st_uid).text);
        return true;
    }
    if (!is_open(&status, part))
        return false;
    const char *word = mend_quote(doctor, where);
    doctor_find(doctor, "config.writable", where,
                swap_is_roots_path(where)
                    ? mend_command(doctor, "chmod go-w %s", word)
                    : mend_sentence(doctor, "have its owner run: chmod go-w %s", word),
                "%s may write to it: mode %04o, %s:%s",
                status.st_mode & S_IWOTH ? "everybody" : "its group",
                (unsigned)(status.st_mode & 07777), account_user(status.st_uid).text,
                account_group(status.st_gid).text);
    return true;
}

/* From the root on; what lies below a folder that is found is left until that is mended. */
static bool look_along(struct doctor *doctor, uid_t user, const char *path, enum part last)
{
    char at[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        if (len >= sizeof at)
            return false;
        memcpy(at, path, len);
        at[len] = '\0';
        bool holds_it = last == PART_FILE && !strchr(slash + 1, '/');
        if (look_at(doctor, user, at, holds_it ? PART_FOLDER : PART_ABOVE))
            return true;
    }
    return look_at(doctor, user, path, last);
}

/* As it is written, and where it leads by links. */
static bool look_both_ways(struct doctor *doctor, uid_t user, const char *path, enum part last)
{
    char real[PATH_MAX];
    if (path[0] == '/' && look_along(doctor, user, path, last))
        return true;
    return realpath(path, real) && strcmp(real, path) != 0 && look_along(doctor, user, real, last);
}

/* The file of a table "kind:path", and of a database what it is made from, too: postmap makes it
 * anew as the owner of that. */
static void look_at_table(struct doctor *doctor, uid_t user, const char *table)
{
    const char *colon = strchr(table, ':');
    if (!colon || colon[1] != '/')
        return;
    look_both_ways(doctor, user, colon + 1, PART_FILE);
    if (strncmp(table, "lmdb:", 5) != 0 && strncmp(table, "cdb:", 4) != 0)
        return;
    const char *database =
        arena_printf(doctor->arena, "%s.%.*s", colon + 1, (int)(colon - table), table);
    if (database)
        look_both_ways(doctor, user, database, PART_FILE);
}

static void look_at_what_is_named(struct doctor *doctor, uid_t user)
{
    const struct texts *tables = &doctor->settings->senders.tables;
    const char *command = doctor->settings->alerts.command;
    for (size_t i = 0; i < tables->count; i++)
        look_at_table(doctor, user, tables->items[i]);
    if (command && *command == '/') {
        const char *program =
            arena_printf(doctor->arena, "%.*s", (int)strcspn(command, " \t"), command);
        if (program)
            look_both_ways(doctor, user, program, PART_FILE);
    }
}

static void look(struct doctor *doctor)
{
    struct error error;
    uid_t user = 0;
    gid_t group;
    if (!doctor->settings ||
        (doctor->settings->user && !snapshot_identity(doctor->settings, &user, &group, &error)))
        return; /* config.broken says so */
    look_at_what_is_named(doctor, user);
    const char *slash = strrchr(doctor->config, '/');
    const char *folder = arena_printf(
        doctor->arena, "%.*sconf.d", slash ? (int)(slash - doctor->config + 1) : 0, doctor->config);
    if (look_both_ways(doctor, user, doctor->config, PART_FILE) || !folder ||
        look_both_ways(doctor, user, folder, PART_FOLDER))
        return;
    DIR *open = opendir(folder);
    for (struct dirent *entry = open ? readdir(open) : NULL; entry; entry = readdir(open)) {
        const char *path = arena_printf(doctor->arena, "%s/%s", folder, entry->d_name);
        if (path && files_wants(entry->d_name))
            look_both_ways(doctor, user, path, PART_FILE);
    }
    if (open)
        closedir(open);
}

const struct doctor_check doctor_check_config_writable = {
    .theme = "config",
    .looks_at = "who can write the configuration",
    DOCTOR_KINDS(kinds),
    .look = look,
};
