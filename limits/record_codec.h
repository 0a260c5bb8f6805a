/* Records as they lie in the file: a version, numbers, a check sum. */
#ifndef LIMITS_RECORD_CODEC_H
#define LIMITS_RECORD_CODEC_H

#include "limits/codec.h"
#include "limits/record.h"

/* Counters and habits; the standing lies elsewhere. */
void record_encode(const struct record *record, struct codec_writer *writer);

enum decoded {
    DECODED,
    DECODED_UNREADABLE, /* of another version, or damaged */
    DECODED_NO_MEMORY,
};

/* An empty record is filled; it is empty where it could not be read. */
enum decoded record_decode(const void *data, size_t len, struct record *record);

void standing_encode(const struct standing *standing, struct codec_writer *writer);
MUST_CHECK bool standing_decode(const void *data, size_t len, struct standing *ret_standing);

#endif
