/* Comments and folding white space (RFC 5322 3.2.2), which may stand between any two tokens of a
 * structured field. */
#ifndef POLICY_CFWS_H
#define POLICY_CFWS_H

#include "policy/bytes.h"

/* Cuts blanks, line ends and (nested) comments off the front of *rest. False: a comment does not
 * end; *rest is then empty. Linear. */
bool cfws_skip(struct bytes *rest);

/* Cuts the next run of bytes off *rest that holds no blank, line end, '(' or ')', '"' and none of
 * `stop`'s bytes. May be empty. */
struct bytes cfws_take_token(struct bytes *rest, const char *stop);

/* With *rest at a '"': cuts the quoted string off, and gives what stands between the quotes, quoted
 * pairs as they are. False: it does not end. */
bool cfws_take_quoted(struct bytes *rest, struct bytes *ret_inside);

#endif
