/* Message-IDs: RFC 5322 3.6.4 as every reader takes it, and making new ones. */
#ifndef POLICY_MSGID_H
#define POLICY_MSGID_H

#include <stdint.h>

#include "policy/arena.h"
#include "policy/bytes.h"

#define MSGID_RANDOM 16

/* Splits a Message-ID field's value, "<left@right>" with blanks, folds and comments around it.
 * False: malformed, so that two readers could take another id out of it. Tolerated are characters
 * that RFC 5322 leaves out but that real clients write and everybody copies as they are ("/", ":",
 * "%", "[...]"). utf8: whether RFC 6532's UTF-8 may stand in it. */
bool msgid_parse(struct bytes value, bool utf8, struct bytes *ret_left, struct bytes *ret_right);

/* " <26 characters for 128 bits@domain>", with the blank that a field's value begins with. No bytes
 * when memory is out. */
struct bytes msgid_new(struct arena *arena, const uint8_t random[MSGID_RANDOM],
                       struct bytes domain);

#endif
