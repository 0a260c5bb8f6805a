/* The command that mends a finding, ready to be pasted into a root shell. */
#ifndef CTL_DOCTOR_MEND_H
#define CTL_DOCTOR_MEND_H

#include "ctl/doctor/doctor.h"

/* The format's words must be quoted by mend_quote already where they aren't plain. */
struct mend mend_command(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct mend mend_sentence(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Part of a command: the signal for a program that may not run. */
#define SIGNAL_IF_RUNNING(signal, name)                                                            \
    "{ ! pgrep -x " name " >/dev/null || pkill -" signal " -x " name "; }"

/* One word of a shell's, of any length; "" where memory is out. */
const char *mend_quote(struct doctor *doctor, const char *word);

/* Sets a parameter of main.cf and reloads Postfix. */
struct mend mend_main_cf(struct doctor *doctor, const char *name, const char *value);

/* Sets it in the service, or where its -o says it now; main.cf where it has none. */
struct mend mend_where_set(struct doctor *doctor, const struct postfix_service *service,
                           const char *name, const char *value);

/* Sets it in the service alone. */
struct mend mend_service(struct doctor *doctor, const struct postfix_service *service,
                         const char *name, const char *value);

/* Takes the service's own -o away, so that main.cf's holds. */
struct mend mend_drop_override(struct doctor *doctor, const struct postfix_service *service,
                               const char *name);

/* The file by which `submilterctl setup` has rules observed; NULL where there is none. */
const char *mend_observe_file(struct doctor *doctor);

/* `submilterctl setup WORDS --yes`: what is enforced stays so, and what is watched by setup's file
 * too. */
struct mend mend_by_setup(struct doctor *doctor, const char *words);

/* What names the Postfix, or the Sendmail, that is looked at for `submilterctl setup`. */
const char *mend_postfix_setup(struct doctor *doctor);
const char *mend_sendmail_setup(struct doctor *doctor);

/* " -c DIR" for commands of Postfix where it isn't the default instance; else "". */
const char *mend_postfix_option(struct doctor *doctor);

#endif
