/* Reading what the checks look at. */
#include <string.h>
#include <unistd.h>

#include "ctl/doctor/doctor.h"
#include "ctl/doctor/mend.h"
#include "mta/program.h"

#define SECONDS 30
#define SENDMAIL_CF "/etc/mail/sendmail.cf"

static bool has_postfix(struct doctor *doctor, struct error *error)
{
    const char *const argv[] = {"postconf", "-d", "mail_version", NULL};
    struct program_output output;
    return program_run(doctor->arena, argv, SECONDS, &output, error);
}

/* What the options name, or what is on the host. */
static void choose(struct doctor *doctor)
{
    struct error error;
    if (doctor->mta_named)
        return;
    if (doctor->postfix_config || doctor->sendmail_config) {
        doctor->mtas = (doctor->postfix_config ? (unsigned)DOCTOR_POSTFIX : 0) |
                       (doctor->sendmail_config ? (unsigned)DOCTOR_SENDMAIL : 0);
        return;
    }
    doctor->mtas = (has_postfix(doctor, &error) ? (unsigned)DOCTOR_POSTFIX : 0) |
                   (access(SENDMAIL_CF, F_OK) == 0 ? (unsigned)DOCTOR_SENDMAIL : 0);
    if (!doctor->mtas)
        doctor_cannot_look(
            doctor, "this host",
            mend_sentence(doctor, "name the MTA's configuration by --postfix-config or "
                                  "--sendmail-config; say --mta none where there is to be none"),
            "there is neither a Postfix (%s) nor a Sendmail (" SENDMAIL_CF ") here", error.text);
}

static void open_postfix(struct doctor *doctor)
{
    struct error error;
    struct postfix *postfix = arena_alloc(doctor->arena, sizeof *postfix);
    if (postfix && postfix_read(doctor->arena, doctor->postfix_config, postfix, &error))
        doctor->postfix = postfix;
    else
        doctor_cannot_look(
            doctor, doctor->postfix_config ? doctor->postfix_config : "Postfix",
            mend_sentence(doctor, "make postconf%s say no error%s", mend_postfix_option(doctor),
                          doctor->postfix_config ? ""
                                                 : ", or name the folder of its main.cf: "
                                                   "--postfix-config DIR"),
            "Postfix's configuration cannot be read: %s", postfix ? error.text : "memory is out");
}

void doctor_open(struct doctor *doctor)
{
    if (snapshot_load(doctor->config, NULL, &doctor->snapshot, &doctor->config_error)) {
        doctor->settings = settings_ref(doctor->snapshot->settings);
    } else {
        struct error ignored;
        doctor->snapshot = NULL;
        if (!settings_load(doctor->config, &doctor->settings, &ignored))
            doctor->settings = NULL;
    }
    choose(doctor);
    if (doctor->mtas & DOCTOR_POSTFIX)
        open_postfix(doctor);
}

void doctor_close(struct doctor *doctor)
{
    snapshot_unref(doctor->snapshot);
    settings_unref(doctor->settings);
    arena_free(doctor->arena);
}
