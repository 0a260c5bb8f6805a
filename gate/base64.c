/* What OpenSSL's decoder is too kind for: it passes over blanks at the ends, and takes "="
 * anywhere. */
#include "gate/base64.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

static bool is_base64(struct bytes text, size_t *ret_padding)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t plain = text.len ? strspn(text.data, digits) : 0;
    *ret_padding = text.len - plain;
    return text.len % 4 == 0 && *ret_padding <= 2 && text.len < INT32_MAX &&
           (!*ret_padding || strspn(text.data + plain, "=") == *ret_padding);
}

bool base64_decode(struct bytes text, char *ret_data, size_t *ret_len)
{
    size_t padding;
    if (!is_base64(text, &padding) ||
        EVP_DecodeBlock((unsigned char *)ret_data, (const unsigned char *)text.data,
                        (int)text.len) < 0)
        return false;
    *ret_len = text.len / 4 * 3 - padding;
    ret_data[*ret_len] = '\0';
    return true;
}
