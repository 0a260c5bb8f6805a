/* Where Postfix asks submilter: in smtpd_milters of each smtpd service, and in non_smtpd_milters.
 */
#ifndef CTL_DOCTOR_OURS_H
#define CTL_DOCTOR_OURS_H

#include "ctl/doctor/doctor.h"
#include "ctl/doctor/mend.h"
#include "mta/milters.h"

struct ours_place {
    const struct postfix_service *service; /* who asks: an smtpd, or pickup's cleanup */
    const char *parameter;                 /* "smtpd_milters", "non_smtpd_milters" */
    const struct postfix_parameter *set;   /* its value there */
    bool is_override;                      /* the service's own -o */
    struct milters milters;
    size_t index; /* submilter's in milters; milters.count: it isn't asked */
    const char *where;
};

struct ours_places {
    struct ours_place *items;
    size_t count;
};

/* Every place, whether submilter is asked there or not. False where submilter.conf cannot be read,
 * so that nobody knows which milter is ours (that is a finding of its own), or memory is out. With
 * socket = "fd:N" ours is the milter with "submilter" in its endpoint. */
MUST_CHECK bool ours_find(struct doctor *doctor, struct ours_places *ret_places);

bool ours_is_asked(const struct ours_place *place);
const struct milter *ours_milter(const struct ours_place *place);

/* The value of an attribute of a milter's braces ("connect_timeout"); NULL: it has none. */
const char *ours_attribute(struct doctor *doctor, const struct milter *milter, const char *name);

/* Gives submilter's entry the attribute; other milters and other attributes stay as they are. */
struct mend ours_mend_attribute(struct doctor *doctor, const struct ours_place *place,
                                const char *name, const char *value);

/* Replaces the place's list of milters. */
struct mend ours_mend_list(struct doctor *doctor, const struct ours_place *place,
                           const char *value);

/* The place's list with the entry in place of the index's milter (milters.count: behind the last).
 */
const char *ours_list_with(struct doctor *doctor, const struct ours_place *place, size_t index,
                           const char *entry);

/* A milter that is called submilter, and is not where submilter.conf says: its index, or
 * milters.count. */
size_t ours_misnamed(const struct ours_place *place);

/* How Postfix is to name submilter's socket, with its default_action; NULL: nobody can tell. */
const char *ours_entry(struct doctor *doctor);

#endif
