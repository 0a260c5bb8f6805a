/* What a record has for what limits/ would answer. */
#ifndef GATE_COUNTED_AGAIN_H
#define GATE_COUNTED_AGAIN_H

#include "gate/message.h"

/* Before the rules of facts.stage are asked, of a message that is judged again: puts in what was
 * counted then, and the state that the rules before have taken the login to. Nothing for a message
 * that is there. */
void counted_again(struct message *message);

#endif
