/* Looking for what is missing beside a good configuration: domains, keys, folders, a group. */
#include "milter/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
                "rule dkim says so; make one: submilterctl key new %s",
                domains->items[i], settings->dkim.keys, domains->items[i]);
}

static bool may_write(const char *path, const char *folder)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ||
           (errno == ENOENT && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0);
}

/* key: what names the path; NULL: it names none. */
static void advise_file(const struct settings *settings, const char *key, const char *path,
                        advice_say *say)
{
    char folder[PATH_MAX];
    if (!path)
        return;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (may_write(path, *folder ? folder : "/"))
        return;
    /* A folder that is there already may be another's: nobody is told to give that away. */
    if (errno == ENOENT)
        say("%s: no records are kept before the folder of %s is there: install -d -o %s -g "
            "adm -m 2750 %s",
            key, path, settings->user ? settings->user : "root", folder);
    else
        say("%s: %s cannot be written: %s; no records are kept there: choose a folder that "
            "belongs to the daemon's user%s%s",
            key, path, strerror(errno), settings->user ? ", " : "",
            settings->user ? settings->user : "");
}

/* The folder is made at the start, in a folder that is there. */
static void advise_counters(const struct settings *settings, advice_say *say)
{
    const char *file = settings->counters.file;
    char folder[PATH_MAX];
    if (!file)
        return;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(file, '/') - file), file);
    if (may_write(file, *folder ? folder : "/"))
        return;
    if (errno == ENOENT)
        say("counters.file: the daemon will not start before the folder of %s is there: install "
            "-d -o %s -m 750 %s",
            file, settings->user ? settings->user : "root", folder);
    else
        say("counters.file: the daemon will not start, as it cannot write %s: %s", file,
            strerror(errno));
}

static void advise_socket(const struct settings *settings, advice_say *say)
{
    char folder[PATH_MAX];
    if (strncmp(settings->socket, "unix:/", 6) != 0)
        return;
    snprintf(folder, sizeof folder, "%s", settings->socket + 5);
    *strrchr(folder, '/') = '\0';
    if (*folder && access(folder, F_OK) < 0 && errno == ENOENT)
        say("socket: the daemon will not start before the folder of %s is there: install -d -o %s "
            "-g "
            "%s -m 2750 %s",
            settings->socket, settings->user ? settings->user : "root",
            settings->socket_group ? settings->socket_group : "postfix", folder);
    if (settings->socket_group && !getgrnam(settings->socket_group))
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
    advise_socket(snapshot->settings, say);
}
