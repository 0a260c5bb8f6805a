/* The record of one decision: a JSON object and a syslog line, with the same keys. */
#ifndef GATE_RECORD_H
#define GATE_RECORD_H

#include "gate/json.h"
#include "gate/message.h"

struct record_context {
    struct bytes queue_id; /* no bytes before there is one */
    int64_t now;           /* milliseconds since 1970 */
    int64_t microseconds;  /* that we spent on it */
};

/* One object without a line end. json has been initialised; check json->failed. */
void record_write_json(const struct message *message, const struct record_context *context,
                       struct json *ret_json);

/* "QUEUEID: id=... action=..." in a fixed order; every value that is not plain is quoted and
 * escaped. At most size - 1 bytes, NUL-terminated, cut between values. */
void record_write_line(const struct message *message, const struct record_context *context,
                       char *ret_line, size_t size);

#endif
