/* Who else signs, and what is judged twice. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/opendkim.h"
#include "ctl/doctor/ours.h"
#include "ctl/doctor/services.h"
#include "ctl/doctor/settings_text.h"
#include "mta/program.h"

static const struct doctor_kind kinds[] = {
    {"signers.opendkim", DOCTOR_PROBLEM, "OpenDKIM signs too",
     "Mail leaves with two sets of signatures; the one that signs first does not see what the "
     "other changes, and its signature breaks."},
    {"signers.rspamd", DOCTOR_PROBLEM, "rspamd signs too",
     "Mail leaves with two sets of signatures; the one that signs first does not see what the "
     "other changes, and its signature breaks."},
    {"signers.amavis", DOCTOR_PROBLEM, "amavis signs too",
     "Mail leaves with two sets of signatures, by two sets of keys to guard and to renew."},
    {"signers.judged-twice", DOCTOR_PROBLEM,
     "mail that a content filter hands back passes submilter a second time",
     "The second time nobody is logged in: mail that was accepted is refused or signed again."},
};

#define RSPAMD "/etc/rspamd"

/* OpenDKIM says inet:PORT@HOST and local:PATH, as submilter.conf does. */
static bool is_asked(struct doctor *doctor, const char *socket)
{
    struct ours_places places;
    const char *queue = postfix_value(doctor->postfix, "queue_directory");
    const char *path = strncmp(socket, "local:", 6) == 0 || strncmp(socket, "unix:", 5) == 0
                           ? strchr(socket, ':') + 1
                           : socket;
    const char *written = path[0] == '/' ? arena_printf(doctor->arena, "unix:%s", path) : socket;
    if (!written || !ours_find(doctor, &places))
        return false;
    for (size_t i = 0; i < places.count; i++)
        for (size_t k = 0; k < places.items[i].milters.count; k++)
            if (milters_same_place(places.items[i].milters.items[k].endpoint, queue,
                                   places.items[i].service->chroot, written))
                return true;
    return false;
}

static void look_at_opendkim(struct doctor *doctor)
{
    struct opendkim opendkim;
    if (opendkim_read(doctor, &opendkim) && opendkim.signs && is_asked(doctor, opendkim.socket))
        doctor_find(
            doctor, "signers.opendkim", OPENDKIM_CONF, opendkim_mend(doctor),
            "Postfix asks OpenDKIM at %s, its Mode is %s, and it has a key. It may go on verifying",
            opendkim.socket, opendkim.mode);
}

static bool exists(const char *pattern)
{
    glob_t found;
    bool any = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
    globfree(&found);
    return any;
}

/* rspamd's own word where it is there, else its files: later ones hold. */
static bool rspamd_is_enabled(struct doctor *doctor)
{
    static const char *const files[] = {RSPAMD "/override.d/dkim_signing.conf",
                                        RSPAMD "/local.d/dkim_signing.conf",
                                        RSPAMD "/modules.d/dkim_signing.conf"};
    const char *const argv[] = {"rspamadm", "configdump", "dkim_signing", NULL};
    struct program_output output;
    struct error error;
    if (program_run(doctor->arena, argv, 30, &output, &error) && output.status == 0)
        return bytes_find_nocase(output.out, BYTES("enabled = false")) == output.out.len;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *enabled = settings_text_last(doctor, files[i], "enabled");
        if (enabled)
            return strncmp(enabled, "false", 5) != 0 && strncmp(enabled, "no", 2) != 0;
    }
    return exists(RSPAMD "/modules.d/dkim_signing.conf");
}

/* It signs nothing without a key: in its usual place, or where a file of the admin's says. */
static bool rspamd_has_keys(void)
{
    return exists("/var/lib/rspamd/dkim/*.key") || exists(RSPAMD "/local.d/dkim_signing.conf") ||
           exists(RSPAMD "/override.d/dkim_signing.conf");
}

static bool asks_rspamd(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return false;
    for (size_t i = 0; i < places.count; i++)
        for (size_t k = 0; k < places.items[i].milters.count; k++) {
            const char *endpoint = places.items[i].milters.items[k].endpoint;
            if (strstr(endpoint, ":11332") || strstr(endpoint, "rspamd"))
                return true;
        }
    return false;
}

/* Other settings in the file stay: domains, selectors, paths. What is in override.d holds. */
static struct mend mend_rspamd(struct doctor *doctor)
{
    const char *file = exists(RSPAMD "/override.d/dkim_signing.conf")
                           ? RSPAMD "/override.d/dkim_signing.conf"
                           : RSPAMD "/local.d/dkim_signing.conf";
    if (settings_text_last(doctor, file, "enabled"))
        return mend_command(doctor,
                            "sed -i 's/^[[:space:]]*enabled[[:space:]]*[=:]*[[:space:]]*[^;]*/"
                            "enabled = false/I' %s && " SIGNAL_IF_RUNNING("HUP", "rspamd"),
                            file);
    return mend_command(doctor,
                        "mkdir -p " RSPAMD "/local.d && printf '\\nenabled = false;\\n' >> %s "
                        "&& " SIGNAL_IF_RUNNING("HUP", "rspamd"),
                        file);
}

static void look_at_rspamd(struct doctor *doctor)
{
    if (asks_rspamd(doctor) && rspamd_has_keys() && rspamd_is_enabled(doctor))
        doctor_find(doctor, "signers.rspamd", RSPAMD, mend_rspamd(doctor),
                    "Postfix asks rspamd, and its module dkim_signing is on");
}

static void look_at_amavis(struct doctor *doctor)
{
    static const char file[] = "/etc/amavis/conf.d/50-user";
    glob_t found;
    const char *enabled = NULL;
    bool keys = false;
    if (glob("/etc/amavis/conf.d/[0-9]*", 0, NULL, &found) != 0) {
        globfree(&found);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *here = settings_text_last(doctor, found.gl_pathv[i], "$enable_dkim_signing");
        enabled = here ? here : enabled;
        keys = keys || settings_text_has(found.gl_pathv[i], "dkim_key(");
    }
    globfree(&found);
    if (!keys || !enabled || enabled[0] == '0')
        return;
    doctor_find(doctor, "signers.amavis", file,
                mend_command(doctor,
                             "sed -i '/^1;/d' %s && printf '\\n%%s\\n%%s\\n' "
                             "'$enable_dkim_signing = 0;' '1;  # ensure a defined return' "
                             ">> %s && { ! pgrep -x amavisd >/dev/null || amavisd-new "
                             "reload; }",
                             file, file),
                "$enable_dkim_signing is on, and it has keys");
}

static bool filters(struct doctor *doctor)
{
    if (*postfix_value(doctor->postfix, "content_filter"))
        return true;
    for (size_t i = 0; i < doctor->postfix->service_count; i++)
        if (*postfix_service_value(doctor->postfix, &doctor->postfix->services[i],
                                   "content_filter"))
            return true;
    return false;
}

static void look_at_return(struct doctor *doctor)
{
    static const char options[] = "receive_override_options";
    struct ours_places places;
    if (!filters(doctor) || !ours_find(doctor, &places))
        return;
    for (size_t i = 0; i < places.count; i++) {
        const struct ours_place *place = &places.items[i];
        const char *value = postfix_service_value(doctor->postfix, place->service, options);
        if (!services_is_smtpd(place->service) || !services_is_internal(doctor, place->service) ||
            !ours_is_asked(place) || services_list_has(doctor, value, "no_milters"))
            continue;
        /* An -o of its own, so that other services keep their milters. */
        const char *option = mend_postfix_option(doctor);
        const char *setting =
            arena_printf(doctor->arena, "%s/%s/%s=%s%sno_milters", place->service->name,
                         place->service->type, options, value, *value ? "," : "");
        doctor_find(doctor, "signers.judged-twice", services_name(doctor, place->service),
                    mend_command(doctor, "postconf%s -P %s && postfix%s reload", option,
                                 mend_quote(doctor, setting ? setting : ""), option),
                    "a content filter hands mail back there, and it asks submilter again");
    }
}

static void look(struct doctor *doctor)
{
    if (doctor->settings && settings_signs(doctor->settings)) {
        look_at_opendkim(doctor);
        look_at_rspamd(doctor);
        look_at_amavis(doctor);
    }
    look_at_return(doctor);
}

const struct doctor_check doctor_check_signers = {
    .theme = "signers",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "OpenDKIM, rspamd and amavis beside submilter, and mail that comes back from a "
                "filter",
    DOCTOR_KINDS(kinds),
    .look = look,
};
