/* What was counted, as a record has it: gate/recorded_limits.c reads it back. */
#ifndef GATE_RECORD_LIMITS_H
#define GATE_RECORD_LIMITS_H

#include "gate/json.h"
#include "gate/message.h"

#define RECORD_COUNT_MAX INT64_C(1000000000000000) /* no count and no time is more: sums hold */

/* The numbers of a habit; name NULL ends them. */
struct record_habit {
    const char *name;
    size_t offset; /* of an int64_t in struct habit */
    int64_t most;
};
extern const struct record_habit record_habit_keys[];

/* What the rules saw before the settling. */
const struct facts_limits *record_limits_seen(const struct message *message);

/* The key "limits", as a member of the object that is open; nothing where nothing was counted. */
void record_write_limits(struct json *json, const struct message *message);

#endif
