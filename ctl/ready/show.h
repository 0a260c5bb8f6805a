/* Printing who would be refused. */
#ifndef CTL_READY_SHOW_H
#define CTL_READY_SHOW_H

#include "ctl/ready/affected.h"
#include "ctl/ready/unused.h"
#include "ctl/source.h"

struct show_ready {
    const struct impact *impact;
    const struct affected *affected;
    const struct readiness_extent *extent;
    const struct source_options *source;
    struct unused unused;
    const char *policy;  /* whose setting it is */
    const char *setting; /* "min_version = \"TLSv1.3\"" */
    const char *mode;    /* the rule's mode today, where it is not enforced; else NULL */
};

MUST_CHECK bool show_ready_text(const struct show_ready *show, struct error *error);
MUST_CHECK bool show_ready_json(const struct show_ready *show, struct error *error);

/* The words that there are. */
MUST_CHECK bool show_ready_words(struct error *error);

#endif
