/* Whether users are offered TLS and a login, and the login only inside TLS. */
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"
#include "ctl/doctor/smtp.h"
#include "mta/program.h"
#include "policy/engine.h"

static const struct doctor_kind kinds[] = {
    {"postfix.no-tls", DOCTOR_PROBLEM, "a submission service does not offer TLS",
     "Users cannot encrypt, and submilter's rule tls refuses their mail."},
    {"postfix.tls-optional", DOCTOR_ADVICE,
     "TLS is optional on a submission service, and submilter does not demand it either",
     "Mail goes over the wire in clear, and whoever sits between can take STARTTLS away."},
    {"postfix.tls-auth-only", DOCTOR_PROBLEM, "a login is taken without TLS",
     "Passwords cross the network in clear. submilter refuses the mail then, but the password has "
     "been seen already."},
    {"postfix.no-login", DOCTOR_PROBLEM, "a submission service does not offer a login",
     "Users cannot log in, and submilter's rule auth refuses their mail."},
    {"postfix.not-listening", DOCTOR_PROBLEM, "nobody listens at a port that master.cf names",
     "Users get no connection. Postfix is down, or has not read its configuration again."},
    {"postfix.live-starttls", DOCTOR_PROBLEM,
     "a running service offers no STARTTLS, though its configuration says so",
     "Users cannot encrypt: Postfix could not load its certificate or key, and goes on without."},
    {"postfix.live-login", DOCTOR_PROBLEM,
     "a running service takes a login without TLS, though its configuration forbids it",
     "Postfix still runs with an older configuration; passwords cross the network in clear."},
};

static void look_at_tls(struct doctor *doctor, const struct postfix_service *service)
{
    static const char name[] = "smtpd_tls_security_level";
    const char *level = services_tls_level(doctor, service);
    const char *where = services_name(doctor, service);
    if (services_wraps_tls(doctor, service) || !services_is_submission(doctor, service))
        return;
    if (strcmp(level, "none") == 0) {
        doctor_find(doctor, "postfix.no-tls", where, mend_where_set(doctor, service, name, "may"),
                    "%s is none", name);
        return;
    }
    if (strcmp(level, "may") != 0 || !doctor->settings)
        return;
    const struct policy *policy =
        settings_policy(doctor->settings, "submission", (struct bytes){NULL, 0});
    if (policy && policy->settings[RULE_tls]->mode != MODE_ENFORCE)
        doctor_find(doctor, "postfix.tls-optional", where,
                    mend_where_set(doctor, service, name, "encrypt"),
                    "%s is may, and rule tls is not enforced in %s", name, doctor->config);
}

static bool takes_plain_login(struct doctor *doctor, const struct postfix_service *service)
{
    return services_offers_login(doctor, service) && !services_wraps_tls(doctor, service) &&
           strcmp(services_tls_level(doctor, service), "encrypt") != 0 &&
           !postfix_says_yes(
               postfix_service_value(doctor->postfix, service, "smtpd_tls_auth_only"));
}

static void look_at_login(struct doctor *doctor, const struct postfix_service *service)
{
    const char *where = services_name(doctor, service);
    if (takes_plain_login(doctor, service))
        doctor_find(doctor, "postfix.tls-auth-only", where,
                    mend_where_set(doctor, service, "smtpd_tls_auth_only", "yes"),
                    "smtpd_tls_auth_only is no");
    if (services_is_submission(doctor, service) && !services_offers_login(doctor, service))
        doctor_find(doctor, "postfix.no-login", where,
                    mend_where_set(doctor, service, "smtpd_sasl_auth_enable", "yes"),
                    "smtpd_sasl_auth_enable is no");
}

static bool is_running(struct doctor *doctor)
{
    const char *const argv[] = {"postfix", "-c", doctor->postfix->config, "status", NULL};
    struct program_output output;
    struct error error;
    return program_run(doctor->arena, argv, 30, &output, &error) && output.status == 0;
}

static void look_live(struct doctor *doctor, const struct postfix_service *service)
{
    struct smtp_offer offer;
    int port = postfix_service_port(service);
    const char *host = services_host(doctor, service);
    const char *where = services_name(doctor, service);
    const char *option = mend_postfix_option(doctor);
    if (!port || !host)
        return;
    smtp_ask(host, port, services_wraps_tls(doctor, service), &offer);
    if (offer.state == SMTP_NOBODY)
        doctor_find(
            doctor, "postfix.not-listening", where,
            mend_command(doctor, "postfix%s %s", option, is_running(doctor) ? "reload" : "start"),
            "nobody listens at %s port %d", host, port);
    if (offer.state == SMTP_UNCLEAR)
        doctor_cannot_look(doctor, where,
                           mend_sentence(doctor,
                                         "see Postfix's log; try: openssl s_client "
                                         "-starttls smtp -connect %s:%d",
                                         host, port),
                           "the server at %s port %d gives no greeting and answer to EHLO in time",
                           host, port);
    if (offer.state != SMTP_LISTENS || services_wraps_tls(doctor, service))
        return;
    if (!offer.starttls && strcmp(services_tls_level(doctor, service), "none") != 0 &&
        !services_list_has(
            doctor, postfix_service_value(doctor->postfix, service, "smtpd_discard_ehlo_keywords"),
            "starttls"))
        doctor_find(doctor, "postfix.live-starttls", where,
                    mend_sentence(doctor,
                                  "see Postfix's log for why it could not load the "
                                  "certificate and key, mend that, then: postfix%s reload",
                                  option),
                    "port %d offers no STARTTLS that works, though smtpd_tls_security_level is %s",
                    port, services_tls_level(doctor, service));
    if (offer.auth && services_offers_login(doctor, service) && !takes_plain_login(doctor, service))
        doctor_find(doctor, "postfix.live-login", where,
                    mend_command(doctor, "postfix%s reload", option),
                    "port %d offers AUTH before TLS", port);
}

static void look(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (!services_is_smtpd(service) || services_is_internal(doctor, service))
            continue;
        look_at_tls(doctor, service);
        look_at_login(doctor, service);
        look_live(doctor, service);
    }
}

const struct doctor_check doctor_check_offer = {
    .theme = "offer",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "whether TLS and login are offered: by configuration, and by the live ports",
    DOCTOR_KINDS(kinds),
    .look = look,
};
