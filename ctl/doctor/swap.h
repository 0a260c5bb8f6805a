/* Paths on which somebody else than root can put another file in the place of one: what root pastes
 * must not follow a link there. */
#ifndef CTL_DOCTOR_SWAP_H
#define CTL_DOCTOR_SWAP_H

#include "ctl/doctor/doctor.h"

/* Whether nobody but root can exchange a component of an absolute path, or of what its links lead
 * to. What is not there yet counts by the folder that it would be in. */
bool swap_is_roots_path(const char *path);

/* The first component that is a link, a file with more than one name, or (the last one) no file and
 * no socket, in a folder of somebody else's. NULL: none, or memory is out. */
const char *swap_find(struct doctor *doctor, const char *path);

/* What to do about that; then: what to run at last. */
struct mend swap_mend(struct doctor *doctor, const char *found, const char *then);

/* "runuser -u USER -- " for what is to be done in a folder of the user's: with no more power than
 * the user has there. */
const char *swap_as(struct doctor *doctor, const char *user);

/* A name beside the path that nothing has yet. NULL when memory is out. */
const char *swap_free_name(struct doctor *doctor, const char *path);

#endif
