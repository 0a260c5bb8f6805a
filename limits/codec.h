/* Numbers as bytes, for records in a file that may be damaged. */
#ifndef LIMITS_CODEC_H
#define LIMITS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODEC_MAX 24576 /* bytes of a record */

struct codec_writer {
    uint8_t data[CODEC_MAX];
    size_t len;
    bool is_full; /* something was left out */
};

/* Seven bits a byte, the lowest first. */
void codec_put(struct codec_writer *writer, uint64_t number);
void codec_put_bytes(struct codec_writer *writer, const void *data, size_t len);
/* Puts a check sum of all that is there behind it. */
void codec_seal(struct codec_writer *writer);

struct codec_reader {
    const uint8_t *data;
    size_t left;
    bool failed; /* something was missing or too large: all further numbers are 0 */
};

/* Whether the check sum fits; it is cut off. */
bool codec_open(struct codec_reader *reader, const void *data, size_t len);
/* More than most: fails. */
uint64_t codec_get(struct codec_reader *reader, uint64_t most);
void codec_get_bytes(struct codec_reader *reader, void *data, size_t len);
/* Whether all was read, and could be. */
bool codec_is_done(const struct codec_reader *reader);

#endif
