/* Writing a decision's id. */
#include "policy/decision_id.h"

void decision_id_format(uint64_t milliseconds, const uint8_t random[10],
                        char ret_id[DECISION_ID_LEN + 1])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
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
