/* Numbers as bytes, and back with every length checked. */
#include "limits/codec.h"

#include <string.h>

#include "policy/siphash.h"

#define SUM 4 /* bytes */

void codec_put_bytes(struct codec_writer *writer, const void *data, size_t len)
{
    if (len > CODEC_MAX - SUM - writer->len) {
        writer->is_full = true;
        return;
    }
    if (len)
        memcpy(writer->data + writer->len, data, len);
    writer->len += len;
}

void codec_put(struct codec_writer *writer, uint64_t number)
{
    uint8_t bytes[10];
    size_t len = 0;
    do {
        bytes[len++] = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        number >>= 7;
    } while (number);
    codec_put_bytes(writer, bytes, len);
}

static void check_sum(const uint8_t *data, size_t len, uint8_t sum[SUM])
{
    static const uint8_t key[16] = "submilter limits";
    uint64_t hash = siphash(key, (const char *)data, len);
    memcpy(sum, &hash, SUM);
}

void codec_seal(struct codec_writer *writer)
{
    check_sum(writer->data, writer->len, writer->data + writer->len);
    writer->len += SUM;
}

bool codec_open(struct codec_reader *reader, const void *data, size_t len)
{
    uint8_t sum[SUM];
    *reader = (struct codec_reader){.data = data, .failed = len < SUM};
    if (reader->failed)
        return false;
    reader->left = len - SUM;
    check_sum(data, reader->left, sum);
    reader->failed = memcmp(sum, reader->data + reader->left, SUM) != 0;
    return !reader->failed;
}

void codec_get_bytes(struct codec_reader *reader, void *data, size_t len)
{
    reader->failed = reader->failed || len > reader->left;
    if (reader->failed) {
        memset(data, 0, len);
        return;
    }
    memcpy(data, reader->data, len);
    reader->data += len;
    reader->left -= len;
}

uint64_t codec_get(struct codec_reader *reader, uint64_t most)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        codec_get_bytes(reader, &byte, 1);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            reader->failed = reader->failed || number > most;
            return reader->failed ? 0 : number;
        }
    }
    reader->failed = true;
    return 0;
}

bool codec_is_done(const struct codec_reader *reader)
{
    return !reader->failed && !reader->left;
}
