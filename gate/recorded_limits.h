/* What a record says was counted. For gate/recorded.c only. */
#ifndef GATE_RECORDED_LIMITS_H
#define GATE_RECORDED_LIMITS_H

#include "gate/recorded.h"
#include "gate/recorded_read.h"

/* The session has been read before. */
void recorded_read_limits(struct reading *reading, const struct json_tree *root,
                          struct recorded *recorded);

#endif
