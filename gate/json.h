/* Writing one JSON object on one line, from bytes that a client chose.
 *
 * Strict JSON (RFC 8259) in ASCII but for valid UTF-8: C0, DEL, C1, U+2028 and U+2029 are escaped,
 * what is not UTF-8 becomes U+FFFD, long values are cut. Nothing a client sends can end a string or
 * a line. */
#ifndef GATE_JSON_H
#define GATE_JSON_H

#include <stdint.h>

#include "policy/bytes.h"

struct json {
    char *data; /* owned; NUL-terminated; NULL until something is written */
    size_t len;
    size_t room;
    bool failed;     /* memory was out: what is there is not complete */
    bool need_comma; /* something stands before on this level */
};

#define JSON_VALUE_MAX 1000 /* bytes of one value that are kept */

void json_init(struct json *json);
void json_done(struct json *json);

/* '{' or '['; name NULL inside a list and at the top. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

/* name: a literal of ours, NULL inside a list. */
void json_bytes(struct json *json, const char *name, struct bytes value);
void json_text(struct json *json, const char *name, const char *value); /* NULL writes null */
void json_int(struct json *json, const char *name, int64_t value);
void json_bool(struct json *json, const char *name, bool value);
void json_none(struct json *json, const char *name);

/* A value that is never cut. */
void json_whole(struct json *json, const char *name, struct bytes value);

/* Whether json_bytes, or json_whole, would lose something of it. */
bool json_bytes_loses(struct bytes value);
bool json_whole_loses(struct bytes value);

/* The bytes in base64 (RFC 4648), for what is no text. */
void json_base64(struct json *json, const char *name, struct bytes value);

/* Bytes as they are: for the line end. */
void json_raw(struct json *json, struct bytes text);

#endif
