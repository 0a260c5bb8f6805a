/* From a message to its record and back. */
#include "tests/unit/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/record.h"

struct message *recording_message(struct snapshot *snapshot)
{
    const struct message_session session = {
        .connection = {.smtp = true, .client_address = BYTES("192.0.2.7"), .daemon_port = 587},
        .tls = {.state = FACT_KNOWN, .version = BYTES("TLSv1.3"), .cipher_bits = 256},
        .login = {.state = FACT_KNOWN, .name = BYTES("alice@example.com")},
    };
    const struct message_clock clock = {.milliseconds = 1790000000123};
    struct message *message = message_new(snapshot, &session, &clock);
    assert_non_null(message);
    return message;
}

struct recorded *recording_read_back(const struct message *message)
{
    const struct record_context context = {.now = message->began + 3};
    struct json json;
    struct recorded *recorded;
    struct error error = {""};
    json_init(&json);
    record_write_json(message, &context, &json);
    assert_false(json.failed);
    if (!recorded_new((struct bytes){json.data, json.len}, &recorded, &error))
        fail_msg("%s in %s", error.text, json.data);
    json_done(&json);
    return recorded;
}
