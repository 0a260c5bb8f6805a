/* Going to the background without leaving whoever started us in the dark. */
#ifndef MILTER_BACKGROUND_H
#define MILTER_BACKGROUND_H

#include "policy/error.h"

/* Returns in a child of a session of its own. The process that called waits and ends with 0 once
 * the child says background_ready, else with the child's own exit status. */
MUST_CHECK bool background_enter(struct error *error);

/* Lets the waiting process go, and with it the terminal and the working folder. Nothing without
 * background_enter. */
void background_ready(void);

#endif
