/* The checks: one file a theme and MTA. */
#ifndef CTL_DOCTOR_CHECKS_H
#define CTL_DOCTOR_CHECKS_H

#include "ctl/doctor/doctor.h"

extern const struct doctor_check doctor_check_config;
extern const struct doctor_check doctor_check_failopen;

#endif
