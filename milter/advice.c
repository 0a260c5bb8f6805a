/* Looking for what is missing beside a good configuration: domains, keys, folders, a group. */
#include "milter/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/modes.h"
#include "dkim/account.h"
#include "dkim/our_command.h"
#include "policy/arena.h"
#include "policy/shell.h"

#define CEILING ((size_t)1 << 20)

static void advise_domains(const struct snapshot *snapshot, advice_say *say)
{
    const struct settings *settings = snapshot->settings;
    const struct texts *domains = &settings->site.domains;
    const struct key *keys;
    if (!domains->count)
        say("%s: domains is empty: nothing is signed, mail from this host itself is refused, and "
            "nothing is guarded against spoofing; write domains = [ \"example.com\" ];",
            settings->path);
    for (size_t i = 0; settings_signs(settings) && i < domains->count; i++)
        if (!keystore_find(snapshot->keystore, bytes_of(domains->items[i]), settings->dkim.parents,
                           &keys))
            say("domains: there is no key for %s in %s: its mail waits, or leaves unsigned where "
                "rule dkim says so; make one: %s key new %s",
                domains->items[i], settings->dkim.keys, our_command(),
                shell_word(domains->items[i]).text);
}

static bool may_write(const char *path, const char *folder)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ||
           (errno == ENOENT && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0);
}

/* Of an absolute path. */
static void folder_of(const char *path, char ret_folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(ret_folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* key: what names the path; NULL: it names none. */
static void advise_file(const struct settings *settings, const char *key, const char *path,
                        advice_say *say)
{
    char folder[PATH_MAX];
    if (!path)
        return;
    folder_of(path, folder);
    if (may_write(path, folder))
        return;
    /* A folder that is there already may be another's: nobody is told to give that away. */
    if (errno == ENOENT)
        say("%s: no records are kept before the folder of %s is there: install -d -o %s -g "
            "adm -m 2750 %s",
            key, path, shell_word(settings->user ? settings->user : "root").text,
            shell_word(folder).text);
    else
        say("%s: %s cannot be written: %s; no records are kept there: choose a folder that "
            "belongs to the daemon's user%s%s",
            key, path, strerror(errno), settings->user ? ", " : "",
            settings->user ? settings->user : "");
}

/* Root may write it where the daemon's user may not. */
static void advise_pid_file(const struct settings *settings, advice_say *say)
{
    const char *path = settings->pid_file;
    char folder[PATH_MAX];
    if (!path)
        return;
    folder_of(path, folder);
    if (access(folder, F_OK) < 0 && errno == ENOENT)
        say("pid_file: the daemon will not start before the folder of %s is there: install -d -o "
            "%s -m 0755 %s",
            path, shell_word(settings->user ? settings->user : "root").text,
            shell_word(folder).text);
}

/* The folder is made at the start, in a folder that is there. */
static void advise_counters(const struct settings *settings, advice_say *say)
{
    const char *file = settings->counters.file;
    char folder[PATH_MAX];
    if (!file)
        return;
    folder_of(file, folder);
    if (may_write(file, folder))
        return;
    if (errno == ENOENT)
        say("counters.file: the daemon will not start before the folder of %s is there: install "
            "-d -o %s -m 750 %s",
            file, shell_word(settings->user ? settings->user : "root").text,
            shell_word(folder).text);
    else
        say("counters.file: the daemon will not start, as it cannot write %s: %s", file,
            strerror(errno));
}

/* Hosts that hash with different secrets do not know each other's correspondents. */
static void advise_fleet(const struct settings *settings, advice_say *say)
{
    const struct counters_settings *counters = &settings->counters;
    const char *password = counters->redis_password_file;
    if (!counters->redis)
        return;
    if (!counters->file && !counters->secret_file)
        say("counters.secret_file: there is none, nor counters.file: correspondents in Redis are "
            "then known to no other host, nor to this one after its next start; put the same 32 "
            "bytes on all hosts, as submilter-limits(5) shows");
    if (password && access(password, R_OK) < 0)
        say("counters.redis_password_file: %s cannot be read: %s; Redis is not used before that is "
            "mended",
            password, strerror(errno));
}

/* What cannot be run would be found out when the first account is stolen. */
static void advise_alerts(const struct settings *settings, advice_say *say)
{
    const char *command = settings->alerts.command;
    char program[PATH_MAX];
    struct stat status;
    if (!command)
        return;
    snprintf(program, sizeof program, "%.*s", (int)strcspn(command, " "), command);
    if (access(program, X_OK) < 0)
        say("alerts.command: %s cannot be run: %s; nobody is told by it", program, strerror(errno));
    else if (stat(program, &status) == 0 && !S_ISREG(status.st_mode))
        say("alerts.command: %s is no program; nobody is told by it", program);
}

static void advise_states(const struct settings *settings, advice_say *say)
{
    struct arena *arena = arena_new(CEILING);
    struct mode_rows rows = {0};
    if (!arena || !modes_of_rule(settings, RULE_login_state, arena, &rows))
        rows.count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct mode_row *row = &rows.rows[i];
        if (row->mode != MODE_ENFORCE && !row->follows)
            say("policies.%s.login_state.mode is %s%s%s: there, logins that an admin or a sign of "
                "theft froze or slowed go on sending",
                row->policy, mode_word(row->mode), row->group ? " for the group " : "",
                row->group ? row->group : "");
    }
    arena_free(arena);
}

static void advise_socket(const struct settings *settings, advice_say *say)
{
    char folder[PATH_MAX];
    if (strncmp(settings->socket, "unix:/", 6) != 0)
        return;
    folder_of(settings->socket + 5, folder);
    if (access(folder, F_OK) < 0 && errno == ENOENT)
        say("socket: the daemon will not start before the folder of %s is there: install -d -o %s "
            "-g "
            "%s -m 2750 %s",
            settings->socket, shell_word(settings->user ? settings->user : "root").text,
            shell_word(settings->socket_group ? settings->socket_group : "postfix").text,
            shell_word(folder).text);
    gid_t group;
    if (settings->socket_group && account_find_group(settings->socket_group, &group) == ENOENT)
        say("socket_group: there is no group \"%s\" on this host: the daemon will not start",
            settings->socket_group);
}

void advice_give(const struct snapshot *snapshot, advice_say *say)
{
    const struct settings *settings = snapshot->settings;
    advise_domains(snapshot, say);
    advise_file(settings, "log.json", settings->log.json, say);
    advise_file(settings, "history.file", settings->history.file, say);
    advise_counters(settings, say);
    advise_fleet(settings, say);
    advise_alerts(settings, say);
    advise_states(settings, say);
    advise_socket(snapshot->settings, say);
    advise_pid_file(settings, say);
}

void advice_give_keys(const struct settings *settings, advice_say *say)
{
    struct keystore_options options = {.folder = settings->dkim.keys};
    struct keystore *store;
    struct error error;
    if (!settings_signs(settings) ||
        !snapshot_identity(settings, &options.user, &options.group, &error))
        return;
    if (keystore_load(&options, NULL, &store, &error)) {
        keystore_unref(store);
        return;
    }
    say("root can read the keys, and %s cannot: %s. Started by root the daemon signs with those "
        "that it found; systemd's unit needs root-keys.conf for that (submilter(8), SECRETS), and "
        "does not start without",
        settings->user ? settings->user : "the daemon's user", error.text);
}
