/* What an expectation says of a submission between its login and the colon. */
#ifndef GATE_EXPECTATION_CIRCUMSTANCE_H
#define GATE_EXPECTATION_CIRCUMSTANCE_H

#include "gate/expectation.h"
#include "gate/expectation_words.h"

/* Reads all of them, up to the colon. */
MUST_CHECK bool circumstances_read(struct words *words, struct expectation *expectation);

#endif
