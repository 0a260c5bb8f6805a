/* What an expectation says behind the colon. */
#ifndef GATE_EXPECTATION_OUTCOME_H
#define GATE_EXPECTATION_OUTCOME_H

#include "gate/expectation.h"
#include "gate/expectation_words.h"

/* Reads all of them, up to the end of the line. */
MUST_CHECK bool outcomes_read(struct words *words, struct expectation *expectation);

#endif
