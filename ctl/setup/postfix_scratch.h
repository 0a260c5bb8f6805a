/* A copy of an instance's main.cf and master.cf that postconf(1) edits. */
#ifndef CTL_SETUP_POSTFIX_SCRATCH_H
#define CTL_SETUP_POSTFIX_SCRATCH_H

#include "ctl/setup/plan.h"
#include "ctl/setup/scratch.h"
#include "mta/postfix.h"

struct postfix_scratch {
    const struct postfix *live;
    struct scratch place;
    const char *folder;   /* of the copy */
    const char *socket;   /* submilter's, as submilter.conf names it */
    const char *endpoint; /* and as Postfix does */
    struct plan *plan;
    struct postfix now; /* as the copy stands */
    bool changed[2];    /* main.cf, master.cf */
};

/* live, socket, endpoint and plan are set; to be closed also where it fails. */
MUST_CHECK bool postfix_scratch_open(struct postfix_scratch *scratch, struct error *error);
void postfix_scratch_close(struct postfix_scratch *scratch);

/* option: "-e" for main.cf, "-P" for a service's override. `now` is read anew. */
MUST_CHECK bool postfix_scratch_set(struct postfix_scratch *scratch, const char *option,
                                    const char *assignment, struct error *error);

/* Adds what differs from the live files to the plan. */
MUST_CHECK bool postfix_scratch_take_over(const struct postfix_scratch *scratch,
                                          struct error *error);

#endif
