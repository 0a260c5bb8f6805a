/* A plan, and what became of it, for people and for programs. */
#ifndef CTL_SETUP_SHOW_H
#define CTL_SETUP_SHOW_H

#include "ctl/setup/plan.h"

struct show_outcome {
    bool applied; /* everything was carried out */
    bool undoing;
    const char *error; /* NULL: none */
    int status;        /* the command's exit status */
};

/* On stdout; an error that is met while showing (no diff(1) here) is shown in its place. */
void show_text(const struct plan *plan, const struct show_outcome *outcome);
void show_json(const struct plan *plan, const struct show_outcome *outcome);

#endif
