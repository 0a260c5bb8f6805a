/* Under which names a message is counted. */
#ifndef GATE_COUNTED_WHO_H
#define GATE_COUNTED_WHO_H

#include "gate/message.h"

/* What is known at MAIL: login, group, client, network, host. Names live as long as the message. */
void counted_who_at_mail(struct message *message, struct limits_who *ret_who);

/* What the header block adds: the domain that it is from, and what the client looks like. */
void counted_who_at_header(struct message *message, struct limits_who *who);

#endif
