/* log.json and history.file: whether the daemon can write them, and how large the log has grown. */
#ifndef CTL_DOCTOR_RECORDS_H
#define CTL_DOCTOR_RECORDS_H

#include "ctl/doctor/doctor.h"

/* Nothing where there is neither. The kinds of its findings stand in host.c. */
void records_look(struct doctor *doctor);

/* The folder of a path. NULL when memory is out. */
const char *records_folder(struct doctor *doctor, const char *path);

#endif
