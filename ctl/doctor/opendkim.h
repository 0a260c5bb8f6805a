/* OpenDKIM, as its configuration file tells. */
#ifndef CTL_DOCTOR_OPENDKIM_H
#define CTL_DOCTOR_OPENDKIM_H

#include "ctl/doctor/doctor.h"

#define OPENDKIM_CONF "/etc/opendkim.conf"

struct opendkim {
    const char *socket; /* "inet:PORT@HOST", "local:PATH" or a path; in the arena */
    const char *mode;   /* "sv" where the file does not say; in the arena or static */
    bool signs;         /* it may by its mode, and has a key to do it with */
};

/* False: there is none, or its file names no socket. */
bool opendkim_read(struct doctor *doctor, struct opendkim *ret_opendkim);

/* Has it verify only. */
struct mend opendkim_mend(struct doctor *doctor);

#endif
