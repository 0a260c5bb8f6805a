/* A message of alice's, and its record read back; for cmocka, whose assertions they make. */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include "gate/recorded.h"

/* Before MAIL. */
struct message *recording_message(struct snapshot *snapshot);

/* To be freed. */
struct recorded *recording_read_back(const struct message *message);

#endif
