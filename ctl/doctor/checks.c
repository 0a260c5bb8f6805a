/* Every check, in the order in which they look. */
#include "ctl/doctor/checks.h"

#include <string.h>

const struct doctor_check *const doctor_checks[] = {
    &doctor_check_config,
    &doctor_check_config_writable,
    &doctor_check_socket,
    &doctor_check_socket_file,
    &doctor_check_failopen,
    &doctor_check_coverage,
    &doctor_check_macros,
    &doctor_check_offer,
    &doctor_check_mechanisms,
    &doctor_check_certificate,
    &doctor_check_restrictions,
    &doctor_check_newlines,
    &doctor_check_rewriting,
    &doctor_check_signers,
    &doctor_check_keys,
    &doctor_check_sendmail_socket,
    &doctor_check_sendmail_coverage,
    &doctor_check_sendmail_offer,
    &doctor_check_sendmail_rewriting,
    &doctor_check_host,
    &doctor_check_service,
    NULL,
};

void doctor_look(struct doctor *doctor, const char *theme)
{
    for (size_t i = 0; doctor_checks[i]; i++) {
        const struct doctor_check *check = doctor_checks[i];
        if (theme && strcmp(check->theme, theme) != 0)
            continue;
        if (check->mta != DOCTOR_ANY && !(doctor->mtas & (unsigned)check->mta))
            continue;
        if (check->mta == DOCTOR_POSTFIX && !doctor->postfix)
            continue; /* doctor_open said so */
        check->look(doctor);
    }
}
