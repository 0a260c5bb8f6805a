/* What limits/ promises, held by lists of everything that ever happened: slow, exact, and too
 * simple to be wrong in the same way.
 *
 * A count is known from two sides: what lies in the real window must be counted, what is older than
 * the window and one window_step must not. A clock that was set back makes things that lie ahead:
 * they count as of now, or of a step later. What the clock had left behind when it was set back may
 * have been forgotten. */
#ifndef TESTS_LIMITS_MODEL_H
#define TESTS_LIMITS_MODEL_H

#include "limits/limits.h"

struct model;

struct model_range {
    int64_t least, most;
    int64_t frees_most; /* seconds in which the oldest that must be counted has left; 0: there is
                           none */
};

struct model *model_new(void);
void model_free(struct model *model);

void model_range(const struct model *model, enum subject_kind kind, struct bytes name,
                 enum quantity quantity, enum window window, int64_t now,
                 struct model_range *ret_range);

/* CHARGE that was admitted, REFUSED: for all names that there are. */
void model_count(struct model *model, const struct limits_request *request);

/* Whether a charge must, and may be admitted. */
bool model_must_admit(const struct model *model, const struct limits_request *charge);
bool model_may_admit(const struct model *model, const struct limits_request *charge);

/* Whether this one bound may have been passed. */
bool model_may_pass(const struct model *model, const struct limits_request *charge,
                    const struct limits_bound *bound);

/* The clock is about to be set back from now to an earlier time. */
void model_set_back(struct model *model, int64_t now, int64_t to);

/* Seconds since 1970 of the first admitted message of a login to an address; 0: none. */
int64_t model_known_since(const struct model *model, struct bytes login, struct bytes rcpt);

/* How many charges of a login were admitted. */
int64_t model_messages(const struct model *model, struct bytes login);

void model_raise(struct model *model, struct bytes login, const struct login_standing *standing,
                 int64_t now);

/* The strongest of what was said and holds. */
enum login_state model_standing(const struct model *model, struct bytes login, int64_t now);

#endif
