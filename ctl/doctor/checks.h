/* The checks: one file a theme and MTA. */
#ifndef CTL_DOCTOR_CHECKS_H
#define CTL_DOCTOR_CHECKS_H

#include "ctl/doctor/doctor.h"

extern const struct doctor_check doctor_check_certificate;
extern const struct doctor_check doctor_check_config;
extern const struct doctor_check doctor_check_config_writable;
extern const struct doctor_check doctor_check_coverage;
extern const struct doctor_check doctor_check_failopen;
extern const struct doctor_check doctor_check_host;
extern const struct doctor_check doctor_check_service;
extern const struct doctor_check doctor_check_socket_file;
extern const struct doctor_check doctor_check_keys;
extern const struct doctor_check doctor_check_macros;
extern const struct doctor_check doctor_check_mechanisms;
extern const struct doctor_check doctor_check_newlines;
extern const struct doctor_check doctor_check_offer;
extern const struct doctor_check doctor_check_restrictions;
extern const struct doctor_check doctor_check_rewriting;
extern const struct doctor_check doctor_check_sendmail_coverage;
extern const struct doctor_check doctor_check_sendmail_offer;
extern const struct doctor_check doctor_check_sendmail_rewriting;
extern const struct doctor_check doctor_check_sendmail_socket;
extern const struct doctor_check doctor_check_signers;
extern const struct doctor_check doctor_check_socket;

#endif
