/* What submilterctl asks the fleet's store, beside the running daemons. All of it waits, some
 * seconds at most, and fails with an error; contracts as limits.h has them. */
#ifndef LIMITS_FLEET_ADMIN_H
#define LIMITS_FLEET_ADMIN_H

#include "limits/limits.h"

struct fleet_admin;

MUST_CHECK bool fleet_admin_open(const struct limits_options *options,
                                 struct fleet_admin **ret_admin, struct error *error);
void fleet_admin_close(struct fleet_admin *admin); /* NULL is taken */

MUST_CHECK bool fleet_admin_set_standing(struct fleet_admin *admin, struct bytes login,
                                         const struct login_standing *standing,
                                         struct error *error);
MUST_CHECK bool fleet_admin_reset(struct fleet_admin *admin, enum subject_kind kind,
                                  struct bytes name, bool habit_too, struct error *error);
MUST_CHECK bool fleet_admin_show(struct fleet_admin *admin, struct limits_request *look,
                                 bool *ret_found, struct error *error);
MUST_CHECK bool fleet_admin_top(struct fleet_admin *admin, enum subject_kind kind,
                                enum quantity quantity, enum window window, int64_t now,
                                size_t most,
                                bool (*visit)(const struct counted_subject *subject, void *context),
                                void *context, struct error *error);
MUST_CHECK bool fleet_admin_contained(struct fleet_admin *admin, int64_t now,
                                      bool (*visit)(struct bytes login,
                                                    const struct login_standing *standing,
                                                    void *context),
                                      void *context, struct error *error);
MUST_CHECK bool fleet_admin_count_correspondents(struct fleet_admin *admin, struct bytes login,
                                                 int64_t now, int64_t *ret_remembered,
                                                 int64_t *ret_known, struct error *error);
MUST_CHECK bool fleet_admin_learn(struct fleet_admin *admin, struct bytes login, struct bytes rcpt,
                                  int64_t first, int64_t last, struct error *error);

#endif
