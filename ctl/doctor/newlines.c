/* SMTP smuggling: how Postfix takes line ends that are none. */
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"

static const struct doctor_kind kinds[] = {
    {"postfix.bare-newline", DOCTOR_PROBLEM, "Postfix takes a bare LF for a line end",
     "With LF . CR LF a client ends a message where other servers do not, and smuggles a second "
     "one that no milter judged as part of the first."},
    {"postfix.bare-newline-exclusions", DOCTOR_ADVICE,
     "more clients than mynetworks may end lines by a bare LF",
     "Whoever is excluded may smuggle messages; mynetworks alone is Postfix's own default."},
    {"postfix.pipelining", DOCTOR_ADVICE, "Postfix takes commands that come before their time",
     "It is how smuggled messages and most spam programs talk; honest programs wait for the "
     "answer."},
};

static const char *place(struct doctor *doctor, const struct postfix_service *service,
                         const char *name)
{
    return services_overrides(service, name) ? services_name(doctor, service) : "main.cf";
}

static void look_at(struct doctor *doctor, const struct postfix_service *service)
{
    static const char forbid[] = "smtpd_forbid_bare_newline";
    static const char exclude[] = "smtpd_forbid_bare_newline_exclusions";
    static const char unauth[] = "smtpd_forbid_unauth_pipelining";
    const struct postfix *postfix = doctor->postfix;
    const struct postfix_parameter *newline = postfix_service_parameter(postfix, service, forbid);
    const struct postfix_parameter *excluded = postfix_service_parameter(postfix, service, exclude);
    const struct postfix_parameter *early = postfix_service_parameter(postfix, service, unauth);
    if (!newline)
        doctor_find(doctor, "postfix.bare-newline", "Postfix",
                    mend_sentence(doctor, "update Postfix: 3.5.23, 3.6.13, 3.7.9, 3.8.4 and 3.9 "
                                          "have smtpd_forbid_bare_newline"),
                    "this Postfix has no smtpd_forbid_bare_newline");
    else if (strcmp(newline->value, "no") == 0)
        doctor_find(doctor, "postfix.bare-newline", place(doctor, service, forbid),
                    mend_where_set(doctor, service, forbid, "yes"), "%s = no", forbid);
    if (excluded && *excluded->raw && strcmp(excluded->raw, "$mynetworks") != 0)
        doctor_find(doctor, "postfix.bare-newline-exclusions", place(doctor, service, exclude),
                    mend_where_set(doctor, service, exclude, "$mynetworks"), "%s = %s", exclude,
                    excluded->raw);
    if (early && strcmp(early->value, "no") == 0 &&
        !services_list_has(doctor,
                           postfix_service_value(postfix, service, "smtpd_data_restrictions"),
                           "reject_unauth_pipelining"))
        doctor_find(doctor, "postfix.pipelining", place(doctor, service, unauth),
                    mend_where_set(doctor, service, unauth, "yes"), "%s = no", unauth);
}

static void look(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (services_is_smtpd(service) && !services_is_internal(doctor, service))
            look_at(doctor, service);
    }
}

const struct doctor_check doctor_check_newlines = {
    .theme = "newlines",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "bare newlines and early commands: SMTP smuggling",
    DOCTOR_KINDS(kinds),
    .look = look,
};
