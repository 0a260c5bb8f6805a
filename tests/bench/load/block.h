/* Header blocks with places for what differs from message to message, and bodies. */
#ifndef BENCH_LOAD_BLOCK_H
#define BENCH_LOAD_BLOCK_H

#include "policy/bytes.h"
#include "policy/error.h"

struct block {
    char *text;
    struct bytes *fields; /* as they stand in text: "Name: value", folds as LF and a blank */
    size_t count;
    size_t rendered_max; /* no field grows beyond it */
};

struct block_values {
    const char *login;
    unsigned number;
};

/* path: fields as lines, folded ones with their continuations; NULL: an ordinary mail program's. */
MUST_CHECK bool block_read(struct block *block, const char *path, struct error *error);
void block_done(struct block *block);

/* A field with {login} and {number} filled in, in room for rendered_max bytes. */
struct bytes block_render(const struct block *block, size_t field,
                          const struct block_values *values, char *room);

/* Lines of text with CRLF, so many bytes in all. The caller frees them; NULL: out of memory. */
char *block_new_body(size_t size);

#endif
