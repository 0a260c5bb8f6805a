/* Bytes that stand in a record as base64 (RFC 4648, section 4). */
#ifndef GATE_BASE64_H
#define GATE_BASE64_H

#include "policy/bytes.h"
#include "policy/error.h"

/* Enough for what a text of so many bytes decodes to, and a NUL. */
#define BASE64_ROOM(len) ((len) / 4 * 3 + 1)

/* text: with a NUL behind, which is not part of it. Writes its bytes and a NUL behind them to
 * ret_data, where there is BASE64_ROOM. False: it is no base64, or has blanks in it. */
MUST_CHECK bool base64_decode(struct bytes text, char *ret_data, size_t *ret_len);

#endif
