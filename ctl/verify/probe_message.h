/* The messages that are sent: each says what it is, and can be known again. */
#ifndef CTL_VERIFY_PROBE_MESSAGE_H
#define CTL_VERIFY_PROBE_MESSAGE_H

#include "policy/arena.h"

enum probe_kind {
    PROBE_ALLOWED,
    PROBE_SPOOFED_FROM, /* From of somebody else */
    PROBE_TWO_FROM,
    PROBE_HIDDEN_BREAK, /* an encoded word with a line break and a field in it */
    PROBE_FORGED_TRUST, /* Authentication-Results in our name */
};

struct probe {
    enum probe_kind kind;
    const char *token;
    const char *from;
    const char *to;
    const char *spoof;    /* SPOOFED_FROM, TWO_FROM */
    const char *authserv; /* FORGED_TRUST, and ALLOWED where it is to carry a forgery that is taken
                             out; NULL: none */
};

/* CRLF line ends; NULL when memory is out. It has no Message-ID and no Date, so that what comes out
 * shows who adds them. */
const char *probe_message(const struct probe *probe, struct arena *arena);

/* What the last line of the body of such a message is: it came out whole when that line is there.
 */
const char *probe_message_mark(enum probe_kind kind, const char *token, struct arena *arena);

/* The token in the mark of an allowed message, wherever it stands in a text; no bytes: none. */
struct bytes probe_message_token(struct bytes text);

/* Whether the message with this text was sent with a forged field: its body says so. */
bool probe_message_was_forged(struct bytes text);

#define PROBE_TOKEN_LEN 20 /* lower-case hexadecimal */

#endif
