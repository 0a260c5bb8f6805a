/* libconfig takes 4294967297 for 1 and 0xFFFFFFFF for -1: 32 bits without an L behind, 64 with. */
#include "conf/number.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 40

static char byte_at(struct bytes text, size_t at)
{
    return at < text.len ? text.data[at] : '\0';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_sign(char byte)
{
    return byte == '-' || byte == '+';
}

static size_t digits_from(struct bytes text, size_t at)
{
    while (is_digit(byte_at(text, at)))
        at++;
    return at;
}

static size_t hex_digits_from(struct bytes text, size_t at)
{
    while (is_digit(byte_at(text, at)) ||
           (bytes_lower(byte_at(text, at)) >= 'a' && bytes_lower(byte_at(text, at)) <= 'f'))
        at++;
    return at;
}

bool number_begins(struct bytes text)
{
    size_t at = is_sign(byte_at(text, 0));
    at += byte_at(text, at) == '.';
    return is_digit(byte_at(text, at));
}

static bool fits(struct bytes literal, bool hex, bool wide)
{
    char digits[SHOWN + 1];
    memcpy(digits, literal.data, literal.len);
    digits[literal.len] = '\0';
    errno = 0;
    long long value = strtoll(digits, NULL, hex ? 16 : 10);
    return errno == 0 && (wide || (value >= INT32_MIN && value <= INT32_MAX));
}

static size_t read_whole(struct bytes text, size_t end, bool hex, enum token_type *ret_type,
                         struct error *error)
{
    struct bytes literal = bytes_slice(text, 0, end);
    bool wide = byte_at(text, end) == 'L';
    if (end > SHOWN)
        return error_set(error, "a number of %zu digits is too large", end);
    if (!fits(literal, hex, true))
        return error_set(error, "the number %.*s is too large", (int)end, literal.data);
    if (!fits(literal, hex, wide))
        return error_set(error, "the number %.*s is only read right with an L behind: %.*sL",
                         (int)end, literal.data, (int)end, literal.data);
    *ret_type = wide ? TOKEN_WIDE_NUMBER : TOKEN_NUMBER;
    end += wide;
    return end + (wide && byte_at(text, end) == 'L');
}

/* Behind the digits of [-+]1.5e-3; end where there is neither point nor exponent. */
static size_t float_end(struct bytes text, size_t end)
{
    if (byte_at(text, end) == '.')
        end = digits_from(text, end + 1);
    size_t exponent = end + 1;
    exponent += is_sign(byte_at(text, exponent));
    if (bytes_lower(byte_at(text, end)) == 'e' && is_digit(byte_at(text, exponent)))
        return digits_from(text, exponent);
    return end;
}

static bool hangs_on(char byte)
{
    return is_digit(byte) || (bytes_lower(byte) >= 'a' && bytes_lower(byte) <= 'z') ||
           (byte && strchr("._*", byte));
}

size_t number_read(struct bytes text, enum token_type *ret_type, struct error *error)
{
    bool hex = byte_at(text, 0) == '0' && bytes_lower(byte_at(text, 1)) == 'x';
    size_t whole = hex ? hex_digits_from(text, 2) : digits_from(text, is_sign(byte_at(text, 0)));
    size_t end = hex ? whole : float_end(text, whole);
    if (end > whole)
        *ret_type = TOKEN_FLOAT;
    else if ((end = read_whole(text, whole, hex, ret_type, error)) == 0)
        return 0;
    if ((hex && whole == 2) || hangs_on(byte_at(text, end))) {
        struct bytes shown = bytes_slice(text, 0, end < SHOWN ? end + 1 : SHOWN);
        return error_set(error, "%.*s is neither a number nor a name; texts stand in double quotes",
                         (int)shown.len, shown.data);
    }
    return end;
}
