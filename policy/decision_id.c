/* Writing a decision's id. */
#include "policy/decision_id.h"

#include <string.h>

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void decision_id_format(uint64_t milliseconds, const uint8_t random[10],
                        char ret_id[DECISION_ID_LEN + 1])
{
    for (int i = 9; i >= 0; i--) {
        ret_id[i] = digits[milliseconds & 31];
        milliseconds >>= 5;
    }
    for (int half = 0; half < 2; half++) {
        uint64_t bits = 0;
        for (int i = 0; i < 5; i++)
            bits = bits << 8 | random[half * 5 + i];
        for (int i = 7; i >= 0; i--) {
            ret_id[10 + half * 8 + i] = digits[bits & 31];
            bits >>= 5;
        }
    }
    ret_id[DECISION_ID_LEN] = '\0';
}

static bool read_digits(const char *id, int count, uint64_t *ret_bits)
{
    *ret_bits = 0;
    for (int i = 0; i < count; i++) {
        const char *digit = id[i] ? strchr(digits, id[i]) : NULL;
        if (!digit)
            return false;
        *ret_bits = *ret_bits << 5 | (uint64_t)(digit - digits);
    }
    return true;
}

bool decision_id_parse(struct bytes id, uint64_t *ret_milliseconds, uint8_t ret_random[10])
{
    uint64_t bits[2];
    if (id.len != DECISION_ID_LEN || !read_digits(id.data, 10, ret_milliseconds) ||
        !read_digits(id.data + 10, 8, &bits[0]) || !read_digits(id.data + 18, 8, &bits[1]) ||
        *ret_milliseconds >> 48)
        return false;
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 5; i++)
            ret_random[half * 5 + i] = (uint8_t)(bits[half] >> (32 - 8 * i));
    return true;
}
