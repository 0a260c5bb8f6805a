/* The admin's expectations under a configuration that is not written yet. */
#ifndef CTL_ENFORCE_EXPECTED_H
#define CTL_ENFORCE_EXPECTED_H

#include "conf/settings.h"
#include "ctl/setup/plan.h"

/* Whether a daemon would start with these settings as far as their expectations go: none may be
 * broken. Each that is, or that cannot be told, becomes a warning of the plan. False also where
 * they cannot be tried. */
MUST_CHECK bool expected_lets_change(struct settings *settings, struct plan *plan,
                                     struct error *error);

#endif
