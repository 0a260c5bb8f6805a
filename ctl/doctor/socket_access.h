/* How the MTA is let in at submilter's socket. */
#ifndef CTL_DOCTOR_SOCKET_ACCESS_H
#define CTL_DOCTOR_SOCKET_ACCESS_H

#include "ctl/doctor/mend.h"

/* path: the socket, or the folder of its path that the group may not enter. */
struct mend socket_access_mend(struct doctor *doctor, const char *path, const char *group);

/* The daemon started anew, whether it runs or not: it makes its socket anew then. */
const char *socket_access_anew(struct doctor *doctor);

#endif
