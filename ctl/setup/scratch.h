/* Folders below /tmp for drafts that the host's own tools read. Each is locked while it is in use,
 * so that one that was left by a setup that was cut off is known, and removed by the next. */
#ifndef CTL_SETUP_SCRATCH_H
#define CTL_SETUP_SCRATCH_H

#include "policy/arena.h"
#include "policy/error.h"

struct scratch {
    const char *folder; /* NULL: none */
    int lock;
};

/* Mode 0700, and empty but for a mark that scratch_sweep knows it by. */
MUST_CHECK bool scratch_make(struct arena *arena, struct scratch *ret_scratch, struct error *error);

/* With all that is in it. */
void scratch_remove(struct scratch *scratch);

/* Removes those that scratch_make made for this user and nobody uses any more; nothing else that is
 * named like them, and nothing that is mounted in them. */
void scratch_sweep(void);

#endif
