/* submilter's own configuration: does it load, is it the one that runs, does it guard. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/presets.h"
#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/running.h"
#include "ctl/doctor/swap.h"
#include "ctl/probe.h"
#include "gate/expectations.h"
#include "policy/engine.h"
#include "policy/shell.h"

static const struct doctor_kind kinds[] = {
    {"doctor.could-not-look", DOCTOR_UNKNOWN,
     "something could not be looked at: not root, or a program or file is missing",
     "What was not seen may be broken: this is no clean bill."},
    {"config.broken", DOCTOR_PROBLEM, "submilter.conf, or a table that it names, cannot be loaded",
     "The daemon does not start with it, and a reload keeps the old one in force."},
    {"config.no-domains", DOCTOR_PROBLEM, "domains is empty",
     "Nothing is signed, mail from this host itself is refused, and nothing is guarded against "
     "spoofing."},
    {"config.stale", DOCTOR_PROBLEM, "the daemon runs with an older configuration",
     "What was changed has no effect before a reload; a reload that failed is in its log."},
    {"config.observed", DOCTOR_ADVICE, "a rule that guards users' mail is only observed, or off",
     "Its verdicts are written down, and nothing is refused."},
    {"config.table", DOCTOR_PROBLEM, "the daemon's user cannot read a table",
     "The daemon cannot look into it after its next change, and answers 451."},
    {"config.expectation", DOCTOR_PROBLEM,
     "an expectation does not hold, or a file of them cannot be read",
     "The daemon does not start so, and a reload keeps in force what was before."},
};

static void look_at_load(struct doctor *doctor)
{
    static const char marker[] = "make it with: ";
    if (doctor->snapshot || shell_find_unquoted(doctor->config_error.text, "Mend it with: "))
        return; /* keys.unusable */
    if ((doctor->settings || access(doctor->config, R_OK) < 0) && !running_as_root_or_it(doctor)) {
        doctor_cannot_look(doctor, doctor->config, mend_sentence(doctor, "run it as root"), "%s",
                           doctor->config_error.text);
        return;
    }
    const char *command = shell_find_unquoted(doctor->config_error.text, marker);
    doctor_find(doctor, "config.broken", doctor->config,
                command ? mend_command(doctor, "%s", command + sizeof marker - 1)
                        : mend_sentence(doctor,
                                        "correct what the sentence names, until this says "
                                        "nothing: submilter -n -c %s",
                                        mend_quote(doctor, doctor->config)),
                "%s", doctor->config_error.text);
}

/* Whether the built-in policy enforces the rule, and it may refuse or hold mail back. */
static bool guards(const struct policy *policy, size_t rule)
{
    const char *mode = preset_find("submission", rules[rule]->name, "mode");
    bool enforced = !mode || (strcmp(mode, "\"off\"") != 0 && strcmp(mode, "\"observe\"") != 0);
    return enforced &&
           (policy->settings[rule]->action > ACTION_FIX || rules[rule]->refuses_beyond_mending);
}

/* Off is a choice, for these two: somebody else signs, or strips. Observed, nobody may. */
static bool is_idle(const struct policy *policy, size_t rule)
{
    if (rule == RULE_dkim || rule == RULE_trust_headers)
        return policy->settings[rule]->mode == MODE_OBSERVE;
    return guards(policy, rule) && policy->settings[rule]->mode != MODE_ENFORCE;
}

static void look_at_modes(struct doctor *doctor)
{
    const struct policy *policy =
        settings_policy(doctor->settings, "submission", (struct bytes){NULL, 0});
    const char *list = "";
    for (size_t i = 0; policy && list && i < RULE_COUNT; i++)
        if (is_idle(policy, i))
            list = arena_printf(doctor->arena, "%s%s%s", list, *list ? ", " : "", rules[i]->name);
    const char *file = mend_observe_file(doctor);
    const char *words = doctor->postfix ? mend_postfix_setup(doctor) : mend_sendmail_setup(doctor);
    if (list && *list)
        doctor_find(doctor, "config.observed", file ? file : doctor->config,
                    file ? mend_sentence(doctor,
                                         "once the records show that nobody honest would be "
                                         "refused: submilterctl -c %s setup %s --enforce --yes",
                                         mend_quote(doctor, doctor->config), words)
                         : mend_sentence(doctor,
                                         "once the records show that nobody honest would be "
                                         "refused: mode = \"enforce\" for them in policies: { "
                                         "submission: { ... } }; of %s",
                                         doctor->config),
                    "not enforced in the policy submission: %s", list);
}

/* Whether the daemon's user can read the file; only root can try that. */
static void look_at_file(struct doctor *doctor, const char *id, const char *path)
{
    const char *user = doctor->settings->user;
    struct probe_report report;
    if (geteuid() != 0 || !user)
        return;
    probe_read(path, &(struct probe_as){.user = user}, &report);
    if (report.result != PROBE_NO_ACCESS)
        return;
    doctor_find(doctor, id, path,
                !swap_is_roots_path(report.detail)
                    ? mend_sentence(doctor,
                                    "let %s read it, as its owner: it lies in a folder of somebody "
                                    "else than root, who could put a link in its place",
                                    user)
                : strcmp(report.detail, path) == 0
                    ? mend_command(doctor, "chgrp %s %s && chmod g+r %s",
                                   mend_quote(doctor, probe_group(user)), mend_quote(doctor, path),
                                   mend_quote(doctor, path))
                    : mend_command(doctor, "chmod o+x %s", mend_quote(doctor, report.detail)),
                "%s may not read it: %s", user, report.detail);
}

static void look_at_tables(struct doctor *doctor)
{
    const struct texts *tables = &doctor->settings->senders.tables;
    for (size_t i = 0; i < tables->count; i++) {
        const char *path = strchr(tables->items[i], ':');
        if (path && path[1] == '/')
            look_at_file(doctor, "config.table", path + 1);
    }
}

static void look_at_expectations(struct doctor *doctor)
{
    const struct texts *files = &doctor->settings->expectations;
    struct expectations_tally tally;
    struct error error;
    for (size_t i = 0; i < files->count; i++)
        look_at_file(doctor, "config.expectation", files->items[i]);
    if (!files->count || !doctor->snapshot ||
        expectations_check(doctor->snapshot, (int64_t)time(NULL) * 1000, &tally, &error))
        return;
    if (!running_as_root_or_it(doctor)) {
        doctor_cannot_look(doctor, files->items[0], mend_sentence(doctor, "run it as root"), "%s",
                           error.text);
        return;
    }
    doctor_find(doctor, "config.expectation", doctor->config,
                mend_sentence(doctor,
                              "mend the configuration, or the line where that is out of date, "
                              "until all hold: submilterctl -c %s check",
                              mend_quote(doctor, doctor->config)),
                "%s", error.text);
}

static time_t later(time_t newest, const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_ctime > newest ? status.st_ctime : newest;
}

/* When the file, conf.d or a file there last changed, or was put in place: a file copied back keeps
 * its mtime, and one that is edited leaves its folder as it was. */
static time_t changed_at(struct doctor *doctor)
{
    const char *slash = strrchr(doctor->config, '/');
    const char *folder = arena_printf(
        doctor->arena, "%.*sconf.d", slash ? (int)(slash - doctor->config + 1) : 0, doctor->config);
    time_t newest = later(later(0, doctor->config), folder ? folder : "");
    DIR *open = folder ? opendir(folder) : NULL;
    for (struct dirent *entry = open ? readdir(open) : NULL; entry; entry = readdir(open)) {
        const char *path = arena_printf(doctor->arena, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            newest = later(newest, path ? path : "");
    }
    if (open)
        closedir(open);
    return newest;
}

/* The daemon's user may put there what it likes: a link to a file of root's, a pipe that nobody
 * writes. NULL: no file of records. */
static FILE *open_records(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    FILE *file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? fdopen(fd, "r") : NULL;
    if (!file)
        close(fd);
    return file;
}

/* A record's "config":"HASH", and its "time", of the last whole line. */
static bool last_record(const char *path, char *line, size_t size)
{
    FILE *file = open_records(path);
    bool found = false;
    if (!file)
        return false;
    if (fseek(file, 0, SEEK_END) == 0) {
        long end = ftell(file);
        long from = end > (long)size * 8 ? end - (long)size * 8 : 0;
        char *text = malloc((size_t)(end - from) + 1);
        size_t len = text && fseek(file, from, SEEK_SET) == 0
                         ? fread(text, 1, (size_t)(end - from), file)
                         : 0;
        while (len && text[len - 1] != '\n')
            len--;
        size_t start = len ? len - 1 : 0;
        while (start && text[start - 1] != '\n')
            start--;
        if (len && len - start < size && (start || !from)) {
            memcpy(line, text + start, len - start);
            line[len - start] = '\0';
            found = true;
        }
        free(text);
    }
    fclose(file);
    return found;
}

/* The text of a key in a record of our own making. */
static bool value_of(const char *line, const char *key, char *text, size_t size)
{
    const char *at = strstr(line, key);
    if (!at)
        return false;
    at += strlen(key);
    snprintf(text, size, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

/* Only a decision that was made after the change, under another configuration, is proof: without
 * one nobody can tell. */
static void look_at_running(struct doctor *doctor)
{
    char *line = arena_alloc(doctor->arena, 16384);
    char hash[32];
    char when[40];
    struct tm parts = {0};
    const char *path = doctor->settings->log.json;
    pid_t pid = running_find(doctor);
    if (!path || !pid || !line || !last_record(path, line, 16384) ||
        !value_of(line, "\"config\":\"", hash, sizeof hash) ||
        !value_of(line, "\"time\":\"", when, sizeof when) ||
        !strptime(when, "%Y-%m-%dT%H:%M:%S", &parts))
        return;
    if (strcmp(hash, doctor->settings->hash) != 0 && timegm(&parts) > changed_at(doctor))
        doctor_find(doctor, "config.stale", doctor->config,
                    mend_command(doctor, "kill -USR1 %ld", (long)pid),
                    "the last decision, of %s, was made with another configuration (the next one "
                    "will show)",
                    when);
}

static void look(struct doctor *doctor)
{
    look_at_load(doctor);
    if (!doctor->settings)
        return;
    if (!doctor->settings->site.domains.count)
        doctor_find(doctor, "config.no-domains", doctor->config,
                    mend_sentence(doctor,
                                  "write domains = [ \"example.com\" ]; with your own in "
                                  "%s, and make keys: submilterctl -c %s key new DOMAIN",
                                  doctor->config, mend_quote(doctor, doctor->config)),
                    "domains is empty");
    look_at_modes(doctor);
    look_at_tables(doctor);
    look_at_expectations(doctor);
    look_at_running(doctor);
}

const struct doctor_check doctor_check_config = {
    .theme = "config",
    .looks_at = "submilter.conf, the tables that it names, and what the daemon runs with",
    DOCTOR_KINDS(kinds),
    .look = look,
};
