/* Whether Sendmail offers TLS and a login where users hand in their mail. */
#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/sendmail_view.h"

static const struct doctor_kind kinds[] = {
    {"sendmail.no-tls", DOCTOR_PROBLEM, "a submission daemon does not offer TLS",
     "Once submilter demands it there, as by default, nobody can hand in mail."},
    {"sendmail.key-unsafe", DOCTOR_PROBLEM,
     "Sendmail takes its TLS key for unsafe, and offers no TLS",
     "Once submilter demands TLS from users, as by default, nobody can hand in mail."},
    {"sendmail.no-login", DOCTOR_PROBLEM, "a submission daemon does not offer a login",
     "Once submilter demands it there, as by default, nobody can hand in mail."},
    {"sendmail.login-before-tls", DOCTOR_PROBLEM, "a password is taken without TLS",
     "Whoever reads the line has the password, before submilter could refuse anything."},
};

static const char *without(struct doctor *doctor, const char *letters, char letter)
{
    char *kept = arena_alloc(doctor->arena, strlen(letters) + 1);
    size_t count = 0;
    for (; kept && *letters; letters++)
        if (*letters != letter)
            kept[count++] = *letters;
    return kept ? kept : "";
}

static bool is_set(const struct sendmail_cf *cf, const char *option)
{
    const char *value = sendmail_cf_option(cf, option);
    return value && *value;
}

static void look_at_key(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *path = sendmail_cf_option(&view->cf, "ServerKeyFile");
    struct stat status;
    if (!path || *path != '/')
        return;
    if (stat(path, &status) < 0) {
        doctor_find(doctor, "sendmail.key-unsafe", path,
                    mend_sentence(doctor, "put the certificate's key there"), "it is not there");
        return;
    }
    bool group = sendmail_cf_option_has(&view->cf, "DontBlameSendmail", "GroupReadableKeyFile");
    if (status.st_mode & (group ? 0037 : 0077))
        doctor_find(doctor, "sendmail.key-unsafe", path,
                    mend_command(doctor, "chmod %s %s && %s", group ? "0640" : "0600",
                                 mend_quote(doctor, path), sendmail_view_restart(doctor, view)),
                    "others than its owner may read it: mode %04o",
                    (unsigned)(status.st_mode & 07777));
}

static void look_at_daemon(struct doctor *doctor, const struct sendmail_view *view,
                           const struct sendmail_daemon *daemon, bool certificate)
{
    const char *where = sendmail_view_name(doctor, daemon);
    const struct mc_call *call = sendmail_view_daemon(view, daemon);
    if (!certificate)
        doctor_find(doctor, "sendmail.no-tls", where,
                    mend_sentence(doctor,
                                  "define confSERVER_CERT and confSERVER_KEY, confCACERT and "
                                  "confCACERT_PATH in %s, and make the .cf anew",
                                  view->build.mc),
                    "ServerCertFile or ServerKeyFile is not set");
    else if (strchr(daemon->modifiers, 'S'))
        doctor_find(
            doctor, "sendmail.no-tls", where,
            sendmail_view_replace(
                doctor, view, call,
                sendmail_view_modifiers(doctor, daemon, without(doctor, daemon->modifiers, 'S'))),
            "M=%s switches STARTTLS off (S)", daemon->modifiers);
    if (strchr(daemon->modifiers, 'A'))
        doctor_find(
            doctor, "sendmail.no-login", where,
            sendmail_view_replace(
                doctor, view, call,
                sendmail_view_modifiers(doctor, daemon, without(doctor, daemon->modifiers, 'A'))),
            "M=%s switches AUTH off (A)", daemon->modifiers);
}

/* PLAIN and LOGIN are not among Sendmail's own mechanisms: they have to be asked for. */
static void look_at_passwords(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *mechanisms = sendmail_cf_option(&view->cf, "AuthMechanisms");
    struct bytes all = bytes_of(mechanisms);
    const char *options = sendmail_cf_option(&view->cf, "AuthOptions");
    if ((bytes_find_nocase(all, BYTES("PLAIN")) == all.len &&
         bytes_find_nocase(all, BYTES("LOGIN")) == all.len) ||
        sendmail_cf_option_has(&view->cf, "AuthOptions", "p"))
        return;
    const char *line = arena_printf(doctor->arena, "define(`confAUTH_OPTIONS', `%s%sp')dnl\n",
                                    options ? options : "", options && *options ? " " : "");
    doctor_find(doctor, "sendmail.login-before-tls", "AuthOptions",
                sendmail_view_add(doctor, view, line ? line : ""),
                "AuthMechanisms has %s, and AuthOptions has no p", mechanisms);
}

static void look(struct doctor *doctor)
{
    struct sendmail_view view;
    if (!sendmail_view_open(doctor, &view))
        return; /* "coverage" says so */
    bool certificate = is_set(&view.cf, "ServerCertFile") && is_set(&view.cf, "ServerKeyFile");
    bool submission = false;
    for (size_t i = 0; i < view.cf.daemon_count; i++)
        if (sendmail_cf_is_submission(&view.cf.daemons[i])) {
            submission = true;
            look_at_daemon(doctor, &view, &view.cf.daemons[i], certificate);
        }
    if (submission && certificate)
        look_at_key(doctor, &view);
    look_at_passwords(doctor, &view);
}

const struct doctor_check doctor_check_sendmail_offer = {
    .theme = "offer",
    .mta = DOCTOR_SENDMAIL,
    .looks_at = "whether Sendmail offers TLS and login where users hand in mail",
    DOCTOR_KINDS(kinds),
    .look = look,
};
