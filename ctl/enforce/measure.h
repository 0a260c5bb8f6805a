/* Whom a change would have met, by what was recorded while the rules were observed. */
#ifndef CTL_ENFORCE_MEASURE_H
#define CTL_ENFORCE_MEASURE_H

#include "ctl/enforce/change.h"
#include "ctl/observed/tally.h"
#include "ctl/source.h"

struct measure {
    bool known;       /* the records say something of what becomes enforced */
    struct error why; /* where they don't: a sentence */
    int64_t since;    /* from then on */
    int64_t judged; /* decisions in which it was asked while it was observed; of several rules, the
                       one that was asked most */
    struct tally tally; /* what would have been refused, of that */
};

/* source->since is set. False only when a signal came: the caller ends. */
MUST_CHECK bool measure_take(struct arena *arena, const struct change_wanted *wanted,
                             const struct change *change, const struct source_options *source,
                             struct measure *ret_measure);
void measure_done(struct measure *measure);

/* Messages that went through and would be refused or held back. */
int64_t measure_messages(const struct measure *measure);

#endif
