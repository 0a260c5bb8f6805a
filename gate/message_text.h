/* A whole message as text, as it lies in a file: cut into what an MTA would hand over piece by
 * piece. */
#ifndef GATE_MESSAGE_TEXT_H
#define GATE_MESSAGE_TEXT_H

#include "gate/message.h"

/* Feeds the fields and the body to the message (which has had its MAIL), without message_end.
 *
 * Line ends are CRLF where the first line ends so, else LF; the other kind inside a line stays what
 * it is, a bare CR or LF. As with Postfix the header block ends at the first empty line, or at the
 * first line that has no colon and is no continuation: the rest is body then. An mbox "From " line
 * at the very top is passed over. */
void message_feed_text(struct message *message, struct bytes text);

#endif
