/* Addresses that stand in text for people: what somebody who looks at it, or a lenient program that
 * searches it, would take for one. */
#ifndef POLICY_MENTION_H
#define POLICY_MENTION_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* The text as it is seen: characters that show nothing left out, every kind of blank, line break,
 * NUL, quotation mark and dash a space, full-width at signs and dots plain ones. Bytes that are no
 * UTF-8 stay. False when memory is out. */
bool mention_as_seen(struct arena *arena, struct bytes text, struct bytes *ret_seen);

struct mention {         /* slices of the text */
    struct bytes local;  /* what stands before the at sign; may be empty */
    struct bytes domain; /* what stands behind it: not checked, never empty */
};

/* The next "local@domain" in a text from *at on, which moves behind it. False: there is none. The
 * whole of a text is walked in linear time. */
bool mention_next(struct bytes seen, size_t *at, struct mention *ret_mention);

#endif
