/* Every check, in the order in which they look. */
#include "ctl/doctor/checks.h"

#include <string.h>

const struct doctor_check *const doctor_checks[] = {
    &doctor_check_config,
    &doctor_check_failopen,
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
