/* submilterctl enforce and observe: what is found out, done and shown. */
#ifndef CTL_ENFORCE_ENFORCE_H
#define CTL_ENFORCE_ENFORCE_H

#include "ctl/enforce/change.h"
#include "ctl/enforce/measure.h"
#include "ctl/enforce/reload.h"
#include "ctl/setup/plan.h"

enum enforce_outcome {
    ENFORCE_AS_IT_WAS, /* it is so already */
    ENFORCE_SHOWN,     /* --dry-run */
    ENFORCE_ASKS,      /* mail would be refused, or nobody knows: --yes is missing */
    ENFORCE_DONE,
    ENFORCE_FAILED,
};

struct enforce {
    struct change_wanted wanted;
    struct change change;
    bool measured; /* measure says something; observing needs none */
    struct measure measure;
    struct plan *plan;
    struct reload reload;
    enum enforce_outcome outcome;
    struct error error; /* where it failed */
    int status;         /* to exit with */
};

void enforce_print_text(const struct enforce *enforce);

/* False: memory is out. */
MUST_CHECK bool enforce_print_json(const struct enforce *enforce);

#endif
