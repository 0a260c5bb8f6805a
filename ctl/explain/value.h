/* Values of a record, which is somebody else's JSON: what is not there or of another type is empty.
 */
#ifndef CTL_EXPLAIN_VALUE_H
#define CTL_EXPLAIN_VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/bytes.h"

/* A text of the object's; good as long as the object. */
struct bytes value_text(const json_t *object, const char *key);
struct bytes value_of(const json_t *text);
bool value_is(const json_t *object, const char *key, const char *text);
int64_t value_number(const json_t *object, const char *key);

/* Text of others within a line (ctl/plain.h). */
void value_print(FILE *out, struct bytes text);

/* Text of others as a word of a command that is to be pasted: no shell and no option's reader takes
 * it for anything else. */
void value_print_word(FILE *out, struct bytes text);

#endif
