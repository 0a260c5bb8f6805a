/* What a record says became of a message. For gate/recorded.c only. */
#ifndef GATE_RECORDED_DECISION_H
#define GATE_RECORDED_DECISION_H

#include "gate/recorded.h"
#include "gate/recorded_read.h"

void recorded_read_decision(struct reading *reading, const struct json_tree *root,
                            struct recorded *recorded);

#endif
