/* The lines that are appended to a file, over its rotation. */
#ifndef CTL_TAIL_H
#define CTL_TAIL_H

#include <sys/types.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct tail_stream {
    int fd;      /* -1: none */
    off_t at;    /* what was read */
    char *begun; /* of a line whose end has not come */
    size_t begun_len;
};

struct tail {
    const char *path;
    struct tail_stream now;
    struct tail_stream before; /* the file that was moved away: who writes may still write there */
    char *lines;
    size_t len, room;
};

/* From the file's end on (a line that is not yet whole counts as to come); a file that is not there
 * is waited for. path must outlive it. */
MUST_CHECK bool tail_open(struct tail *ret_tail, const char *path, struct error *error);
void tail_close(struct tail *tail);

/* Whole lines that have come since, with their ends; good until the next call. No bytes: none have.
 */
MUST_CHECK bool tail_read(struct tail *tail, struct bytes *ret_lines, struct error *error);

#endif
