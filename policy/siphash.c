/* SipHash-1-3, a word at a time. */
#include "policy/siphash.h"

#include <endian.h>
#include <string.h>

struct lanes {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct lanes *v)
{
    v->a += v->b;
    v->c += v->d;
    v->b = rotate(v->b, 13) ^ v->a;
    v->d = rotate(v->d, 16) ^ v->c;
    v->a = rotate(v->a, 32);
    v->c += v->b;
    v->a += v->d;
    v->b = rotate(v->b, 17) ^ v->c;
    v->d = rotate(v->d, 21) ^ v->a;
    v->c = rotate(v->c, 32);
}

static uint64_t word_at(const void *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return le64toh(word);
}

uint64_t siphash(const uint8_t secret[16], const char *data, size_t len)
{
    uint64_t low = word_at(secret);
    uint64_t high = word_at(secret + 8);
    /* "somepseudorandomlygeneratedbytes" */
    struct lanes v = {low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d, low ^ 0x6c7967656e657261,
                      high ^ 0x7465646279746573};
    uint8_t last[8] = {0};
    size_t tail = len % 8;
    for (size_t i = 0; i < len - tail; i += 8) {
        uint64_t word = word_at(data + i);
        v.d ^= word;
        mix(&v);
        v.a ^= word;
    }
    if (tail)
        memcpy(last, data + len - tail, tail);
    last[7] = (uint8_t)len;
    uint64_t word = word_at(last);
    v.d ^= word;
    mix(&v);
    v.a ^= word;
    v.c ^= 0xff;
    mix(&v);
    mix(&v);
    mix(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}
