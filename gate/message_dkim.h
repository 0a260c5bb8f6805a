/* A message's signatures: ours being made while the body streams by, and one of ours that it came
 * with. */
#ifndef GATE_MESSAGE_DKIM_H
#define GATE_MESSAGE_DKIM_H

#include "gate/message.h"

/* The header rules have been asked: begins to sign and to verify, where either is wanted. */
void message_dkim_begin(struct message *message);
void message_dkim_body(struct message *message, struct bytes chunk);

/* The body is over: whether a signature of ours holds becomes a fact. */
void message_dkim_verified(struct message *message);

/* All rules have been asked: makes the signatures. False: that failed, and is the message's fault.
 */
MUST_CHECK bool message_dkim_sign(struct message *message);
void message_dkim_free(struct message *message);

#endif
