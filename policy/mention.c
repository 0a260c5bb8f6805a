/* Finding addresses in text for people. */
#include "policy/mention.h"

#include <string.h>
#include <unistr.h>

#include "policy/invisible.h"

struct seen_as {
    ucs4_t first, last;
    char as;
};

/* What stands between words, and what is taken for an at sign or a dot. */
static const struct seen_as seen_as[] = {
    {0x0000, 0x0020, ' '}, {0x0085, 0x0085, ' '}, {0x00a0, 0x00a0, ' '}, {0x00ab, 0x00ab, ' '},
    {0x00bb, 0x00bb, ' '}, {0x1680, 0x1680, ' '}, {0x2000, 0x200a, ' '}, {0x2010, 0x2029, ' '},
    {0x202f, 0x205f, ' '}, {0x3000, 0x3001, ' '}, {0x3002, 0x3002, '.'}, {0x3008, 0x3011, ' '},
    {0xfe52, 0xfe52, '.'}, {0xfe6b, 0xfe6b, '@'}, {0xff08, 0xff09, ' '}, {0xff0e, 0xff0e, '.'},
    {0xff20, 0xff20, '@'}, {0xff61, 0xff61, '.'},
};

/* 0: as itself. */
static char plain_form(ucs4_t character)
{
    size_t i = 0;
    while (i < sizeof seen_as / sizeof *seen_as && character > seen_as[i].last)
        i++;
    return i < sizeof seen_as / sizeof *seen_as && character >= seen_as[i].first ? seen_as[i].as
                                                                                 : 0;
}

bool mention_as_seen(struct arena *arena, struct bytes text, struct bytes *ret_seen)
{
    char *seen = arena_alloc(arena, text.len);
    if (!seen)
        return false;
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        if (text.data[at] > ' ' && text.data[at] < 0x7f) {
            seen[len++] = text.data[at++];
            continue;
        }
        ucs4_t character;
        const uint8_t *from = (const uint8_t *)text.data + at;
        int step = u8_mbtoucr(&character, from, text.len - at);
        struct bytes one = bytes_slice(text, at, at + (step > 0 ? (size_t)step : 1));
        at += one.len;
        char plain = step > 0 ? plain_form(character) : 0;
        if (!plain && step > 0 && invisible_kind_of(character) & INVISIBLE_IN_ADDRESSES)
            continue;
        if (plain) {
            seen[len++] = plain;
        } else {
            memcpy(seen + len, one.data, one.len);
            len += one.len;
        }
    }
    *ret_seen = (struct bytes){seen, len};
    return true;
}

static bool in_word(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7f && !strchr("\"(),:;<>[]\\@'`{}|!?/=", byte);
}

bool mention_next(struct bytes seen, size_t *at, struct mention *ret_mention)
{
    for (size_t i = *at; i < seen.len; i++) {
        if (seen.data[i] != '@')
            continue;
        size_t from = i;
        while (from > *at && in_word(seen.data[from - 1]))
            from--;
        size_t to = i + 1;
        while (to < seen.len && in_word(seen.data[to]))
            to++;
        ret_mention->local = bytes_slice(seen, from, i);
        ret_mention->domain = bytes_slice(seen, i + 1, to);
        /* Of a@b@c both b and c are behind an at sign: the next one begins where b does. */
        *at = i + 1;
        if (ret_mention->domain.len)
            return true;
    }
    *at = seen.len;
    return false;
}
