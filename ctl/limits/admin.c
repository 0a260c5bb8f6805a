/* Opening the daemon's counters. */
#include "ctl/limits/admin.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/as_daemon.h"
#include "ctl/command.h"
#include "ctl/daemons.h"
#include "gate/counters.h"

int admin_configure(const char *config, struct admin *ret_admin, struct error *error)
{
    *ret_admin = (struct admin){.config = config};
    if (!settings_load(config, &ret_admin->settings, error))
        return EX_CONFIG;
    const struct settings *settings = ret_admin->settings;
    if (!settings->counters.file && !settings->counters.redis) {
        error_set(
            error,
            "%s: counters.file is not set, so the daemon counts in its memory alone, where no "
            "other program can look and which is empty after each start: set counters.file "
            "(\"/var/lib/submilter/limits\"), or counters.redis for a fleet, and restart it",
            settings->path);
        admin_close(ret_admin);
        return EX_CONFIG;
    }
    ret_admin->has_daemon = daemons_find_one(NULL, config) != 0;
    return 0;
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) < 0 && errno == ENOENT;
}

/* The daemon makes both at its start. */
static bool has_no_file(const struct counters_settings *counters)
{
    char secret[PATH_MAX];
    if (!counters->file)
        return false;
    snprintf(secret, sizeof secret, "%s/secret", counters->file);
    return is_missing(counters->file) || (!counters->secret_file && is_missing(secret));
}

/* Whether somebody else may open it. */
static bool is_ours(const struct settings *settings)
{
    const struct passwd *entry = settings->user ? getpwnam(settings->user) : NULL;
    return geteuid() == 0 || !entry || entry->pw_uid == geteuid();
}

/* Behind limits/'s own sentence. */
static void advise(const struct admin *admin, struct error *error)
{
    size_t len = strlen(error->text);
    if (!is_ours(admin->settings))
        snprintf(error->text + len, sizeof error->text - len, "; be root or the user %s",
                 admin->settings->user);
    else if (has_no_file(&admin->settings->counters))
        snprintf(error->text + len, sizeof error->text - len, "; %s",
                 admin->has_daemon ? "the daemon that runs has not made it: was counters.file set "
                                     "since it was started? Then restart it"
                                   : "the daemon makes it when it starts, and none was found that "
                                     "runs with this configuration");
    else if (admin->settings->counters.redis)
        snprintf(
            error->text + len, sizeof error->text - len,
            "; until one of both can be read nothing can be looked up or changed: to stop a login "
            "now, lock it where it logs in");
}

int admin_enter(struct admin *admin, struct error *error)
{
    struct limits_options options;
    if (!as_daemon_become(admin->settings, error))
        return EX_NOPERM;
    if (counters_options(admin->settings, &options, error) &&
        limits_open_admin(&options, &admin->limits, error))
        return 0;
    advise(admin, error);
    return EX_UNAVAILABLE;
}

int admin_open(const char *config, struct admin *ret_admin, struct error *error)
{
    int status = admin_configure(config, ret_admin, error);
    if (!status && (status = admin_enter(ret_admin, error)))
        admin_close(ret_admin);
    return status;
}

void admin_close(struct admin *admin)
{
    if (admin->limits)
        limits_close(admin->limits);
    settings_unref(admin->settings);
    *admin = (struct admin){0};
}

void admin_warn_of_alone(const struct admin *admin, bool changed)
{
    struct error warning;
    const char *why = limits_alone(admin->limits);
    if (!why)
        return;
    if (!changed)
        error_set(&warning,
                  "%s: what is shown is this host's own, from %s: what the other hosts counted or "
                  "were told is not in it",
                  why, admin->settings->counters.file);
    else
        error_set(&warning,
                  "%s: it holds on this host now, and on the others as soon as Redis is back; to "
                  "have it there before, say it on each of them%s",
                  why,
                  admin->has_daemon
                      ? ""
                      : ". No daemon was found that runs here with this configuration: it holds, "
                        "and is told to Redis, from its start on");
    command_complain(&warning, 0);
}

void admin_warn_of_no_daemon(const struct admin *admin)
{
    struct error warning;
    if (admin->has_daemon || admin->settings->counters.redis)
        return;
    error_set(&warning, "no daemon was found that runs with %s: it holds from its start on",
              admin->config);
    command_complain(&warning, 0);
}
