/* Some records that a thread takes at once: their texts one behind the other. */
#ifndef CTL_REPLAY_BATCH_H
#define CTL_REPLAY_BATCH_H

#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

#define BATCH_RECORDS 200

struct batch_record {
    const char *place; /* borrowed */
    uint64_t line;
    size_t offset, len; /* in the batch's text */
};

/* All zero is an empty one. */
struct batch {
    struct batch *next;
    struct batch_record records[BATCH_RECORDS];
    size_t count;
    uint64_t first; /* the first record's number: the owner's to set */
    char *text;
    size_t len, room;
};

/* A record more, copied; the batch is not full. False: memory is out, and it is as it was. */
MUST_CHECK bool batch_add(struct batch *batch, const char *place, uint64_t line, struct bytes text);
bool batch_is_full(const struct batch *batch);

/* The i-th record's text, until the next batch_add. */
struct bytes batch_text(const struct batch *batch, size_t i);

/* Empty again; its memory is kept. */
void batch_clear(struct batch *batch);

/* It and all behind it. NULL is taken. */
void batch_free_all(struct batch *batch);

#endif
