/* Taking typed members out of a JSON object that somebody else wrote. For gate/recorded*.c only.
 *
 * A member that is missing or null leaves what is there; one of the wrong type, or a number out of
 * range, is an error, and the first error stays. */
#ifndef GATE_RECORDED_READ_H
#define GATE_RECORDED_READ_H

#include "gate/json_tree.h"
#include "policy/bytes.h"
#include "policy/error.h"

struct reading {
    struct arena *arena;
    struct error *error;
    bool failed;
};

/* "KEY: expected WHAT". */
void reading_fail(struct reading *reading, const char *key, const char *expected);

/* The member, where it is an object; NULL where it is missing, null or wrong. */
const struct json_tree *reading_object(struct reading *reading, const struct json_tree *object,
                                       const char *key);

/* Likewise a list; NULL also where it is empty. */
const struct json_tree *reading_list(struct reading *reading, const struct json_tree *object,
                                     const char *key);

/* Zeroed room in the arena for as many things of that size as the list has items. NULL where it is
 * NULL, or memory is out, which is an error. */
void *reading_room(struct reading *reading, const struct json_tree *list, size_t size);

/* A list of texts. */
size_t reading_texts(struct reading *reading, const struct json_tree *object, const char *key,
                     struct bytes **ret_texts);

/* Borrowed from the tree. */
void reading_text(struct reading *reading, const struct json_tree *object, const char *key,
                  struct bytes *ret_text);
void reading_bool(struct reading *reading, const struct json_tree *object, const char *key,
                  bool *ret_value);
void reading_number(struct reading *reading, const struct json_tree *object, const char *key,
                    int64_t least, int64_t *ret_value);

/* An index into words (NULL-terminated). */
void reading_word(struct reading *reading, const struct json_tree *object, const char *key,
                  const char *const *words, int *ret_index);

/* A text in base64 as bytes in the arena; key: for the error. */
void reading_base64(struct reading *reading, const struct json_tree *value, const char *key,
                    struct bytes *ret_bytes);

#endif
