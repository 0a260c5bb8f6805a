/* A message as it came out, cut into fields and body. */
#ifndef CTL_VERIFY_ARRIVED_TEXT_H
#define CTL_VERIFY_ARRIVED_TEXT_H

#include "policy/facts.h"

struct arrived_text {
    struct facts_header header; /* values as the verifier takes them */
    struct bytes body;          /* CRLF line ends */
};

/* text: a message from the wire (CRLF) or from a file (LF), maybe with an mbox "From " line. All
 * lives in the arena. False: memory is out. */
bool arrived_text_cut(struct bytes text, struct arena *arena, struct arrived_text *ret_arrived);

#endif
