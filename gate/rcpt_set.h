/* The recipients that a message has been accepted for, each once. */
#ifndef GATE_RCPT_SET_H
#define GATE_RCPT_SET_H

#include <stdint.h>

#include "policy/arena.h"

struct rcpt_set {
    const uint8_t *secret; /* 16 bytes, borrowed: clients choose what is hashed */
    struct bytes *rcpts;   /* in the order in which they came; borrowed bytes */
    size_t count;

    size_t room;
    unsigned *slots; /* 2 * room of them: indices into rcpts, plus 1 */
};

bool rcpt_set_has(const struct rcpt_set *set, struct bytes rcpt);

/* One that is not there yet. Not added when memory is out (the arena remembers). */
void rcpt_set_add(struct rcpt_set *set, struct arena *arena, struct bytes rcpt);

#endif
