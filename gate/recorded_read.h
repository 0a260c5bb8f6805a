/* Taking typed members out of a JSON object that somebody else wrote. For gate/recorded*.c only.
 *
 * A member that is missing or null leaves what is there; one of the wrong type, or a number out of
 * range, is an error, and the first error stays. */
#ifndef GATE_RECORDED_READ_H
#define GATE_RECORDED_READ_H

#include <jansson.h>

#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/error.h"

struct reading {
    struct arena *arena;
    struct error *error;
    bool failed;
};

/* "KEY: expected WHAT". */
void reading_fail(struct reading *reading, const char *key, const char *expected);

/* The member, where it is of that type; NULL where it is missing, null or wrong. */
const json_t *reading_array(struct reading *reading, const json_t *object, const char *key);
const json_t *reading_object(struct reading *reading, const json_t *object, const char *key);

/* Borrowed from the JSON. */
void reading_text(struct reading *reading, const json_t *object, const char *key,
                  struct bytes *ret_text);
void reading_bool(struct reading *reading, const json_t *object, const char *key, bool *ret_value);
void reading_number(struct reading *reading, const json_t *object, const char *key, int64_t least,
                    int64_t *ret_value);

/* An index into words (NULL-terminated). */
void reading_word(struct reading *reading, const json_t *object, const char *key,
                  const char *const *words, int *ret_index);

/* A text in base64 as bytes in the arena; key: for the error. */
void reading_base64(struct reading *reading, const json_t *value, const char *key,
                    struct bytes *ret_bytes);

/* room for count items in the arena; NULL, and an error, when memory is out. */
void *reading_items(struct reading *reading, size_t count, size_t size);

struct bytes reading_bytes_of(const json_t *string);

#endif
