/* A change of a file as diff(1) shows it. */
#ifndef CTL_SETUP_DIFF_H
#define CTL_SETUP_DIFF_H

#include "ctl/setup/plan.h"

/* Unified, in the arena, ending in a line end; empty for rows that are no files or are secret. */
MUST_CHECK bool diff_of_row(struct arena *arena, const struct plan_row *row, struct bytes *ret_text,
                            struct error *error);

#endif
