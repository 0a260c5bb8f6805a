/* What an smtpd service of Postfix's is for: users, the world, or mail that comes back from a
 * filter. */
#ifndef CTL_DOCTOR_SERVICES_H
#define CTL_DOCTOR_SERVICES_H

#include "ctl/doctor/doctor.h"

bool services_is_smtpd(const struct postfix_service *service);

/* Only this host reaches it, and its own restrictions let nobody but mynetworks in: mail that a
 * content filter hands back. */
bool services_is_internal(struct doctor *doctor, const struct postfix_service *service);

bool services_offers_login(struct doctor *doctor, const struct postfix_service *service);

/* Users hand in their mail there: ports 465 and 587, TLS from the first byte, or a login on another
 * port than 25. */
bool services_is_submission(struct doctor *doctor, const struct postfix_service *service);

/* "may", "encrypt", "none" ...; the older smtpd_use_tls and smtpd_enforce_tls count. */
const char *services_tls_level(struct doctor *doctor, const struct postfix_service *service);
bool services_wraps_tls(struct doctor *doctor, const struct postfix_service *service);

/* "submission/inet" in the arena. */
const char *services_name(struct doctor *doctor, const struct postfix_service *service);

bool services_overrides(const struct postfix_service *service, const char *parameter);

/* Whether a list ("a, b, c") has the word. */
bool services_list_has(struct doctor *doctor, const char *list, const char *word);

/* The list's other words, with commas; "" where memory is out. */
const char *services_list_without(struct doctor *doctor, const char *list, const char *word);

/* The address at which it listens, as far as this host can reach it: "127.0.0.1" for all. */
const char *services_host(struct doctor *doctor, const struct postfix_service *service);

#endif
