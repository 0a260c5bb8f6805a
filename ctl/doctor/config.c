/* submilter's own configuration: does it load, is it the one that runs. */
#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"

static const struct doctor_kind kinds[] = {
    {"doctor.could-not-look", DOCTOR_UNKNOWN,
     "something could not be looked at: not root, or a program is missing",
     "What was not seen may be broken: this is no clean bill."},
    {"config.broken", DOCTOR_PROBLEM, "submilter.conf, a table or a key cannot be loaded",
     "The daemon does not start with it, and goes on with the old one on a reload."},
};

static void look(struct doctor *doctor)
{
    if (!doctor->snapshot)
        doctor_find(doctor, "config.broken", doctor->config,
                    mend_sentence(doctor, "mend what the sentence names, then: submilter -n -c %s",
                                  mend_quote(doctor, doctor->config)),
                    "%s", doctor->config_error.text);
}

const struct doctor_check doctor_check_config = {
    .theme = "config",
    .looks_at = "submilter.conf, the tables and keys that it names, and what the daemon runs with",
    DOCTOR_KINDS(kinds),
    .look = look,
};
