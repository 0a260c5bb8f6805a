/* The only place that tells the MTA what to do with a message. */
#ifndef MILTER_APPLY_H
#define MILTER_APPLY_H

#include "milter/connection.h"

/* Carries out the outcome of a message at its end: edits, signatures, quarantine, or the reply of a
 * refusal. When the MTA does not take an action: a 451. */
sfsistat apply_end(SMFICTX *context, struct connection *connection);

/* Sets the reply of a refused MAIL or RCPT. */
sfsistat apply_refusal(SMFICTX *context, const struct reply *reply);

/* Sets the 451 for what happened before there was a message. */
sfsistat apply_fault(SMFICTX *context);

#endif
