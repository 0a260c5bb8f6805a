/* What a decision stood on, as a record has it: gate/recorded.h reads it back. */
#ifndef GATE_RECORD_FACTS_H
#define GATE_RECORD_FACTS_H

#include "gate/json.h"
#include "gate/message.h"

/* Without log.capture = "headers": how much of the block is kept. */
#define RECORD_FIELDS_MAX ((size_t)1000)
#define RECORD_HEADER_MAX ((size_t)64 << 10) /* bytes of names and of the values that are kept */

/* Session, envelope, header and body, as members of the object that is open. */
void record_write_facts(struct json *json, const struct message *message);

/* Whether a field's value is in every record: it says who the message is from, or is its Message-ID
 * or Date, or some program takes its name for one of these. */
bool record_keeps_value(struct bytes name);

#endif
