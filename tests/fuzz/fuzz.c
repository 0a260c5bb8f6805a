/* Taking inputs apart, and saying what did not hold. */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fuzz_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("this does not hold: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

const char *fuzz_show(struct bytes text)
{
    static char buffers[4][1024];
    static unsigned turn;
    char *buffer = buffers[turn++ % 4];
    size_t used = 0;
    for (size_t i = 0; i < text.len && used + 5 < sizeof buffers[0]; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= ' ' && byte <= '~' && byte != '\\')
            buffer[used++] = (char)byte;
        else
            used += (size_t)sprintf(buffer + used, "\\x%02x", byte);
    }
    buffer[used] = '\0';
    return buffer;
}

struct bytes fuzz_bytes(const uint8_t *data, size_t size)
{
    return (struct bytes){(const char *)data, size};
}

unsigned fuzz_take_byte(struct bytes *rest)
{
    if (!rest->len)
        return 0;
    unsigned byte = (unsigned char)rest->data[0];
    *rest = bytes_slice(*rest, 1, rest->len);
    return byte;
}

struct bytes fuzz_take_piece(struct bytes *rest)
{
    size_t len = fuzz_take_byte(rest);
    len += (size_t)fuzz_take_byte(rest) << 8;
    struct bytes piece = bytes_slice(*rest, 0, len);
    *rest = bytes_slice(*rest, piece.len, rest->len);
    return piece;
}

struct bytes fuzz_copy(struct bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    if (!copy)
        abort();
    if (text.len)
        memcpy(copy, text.data, text.len);
    return (struct bytes){copy, text.len};
}

void fuzz_free(struct bytes copy)
{
    free((void *)(uintptr_t)copy.data);
}

char *fuzz_text(struct bytes text)
{
    size_t len = bytes_find(text, '\0');
    char *copy = malloc(len + 1);
    if (!copy)
        abort();
    if (len)
        memcpy(copy, text.data, len);
    copy[len] = '\0';
    return copy;
}
