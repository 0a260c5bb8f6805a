/* The text within mail that was saved as it travelled: enough of MIME to find an id in it. */
#ifndef CTL_EXPLAIN_ENCODED_TEXT_H
#define CTL_EXPLAIN_ENCODED_TEXT_H

#include "policy/bytes.h"

/* As quoted-printable (RFC 2045 section 6.7): without soft line breaks, =XX as its byte; the rest
 * as it is. To be freed; NULL: memory is out. */
char *encoded_text_quoted(struct bytes text, size_t *ret_len);

/* What lines of base64 (RFC 2045 section 6.8) hold, a line end behind each run of them; what is
 * none is left out. To be freed; NULL: memory is out. */
char *encoded_text_base64(struct bytes text, size_t *ret_len);

#endif
