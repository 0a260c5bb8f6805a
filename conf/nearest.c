/* Edit distance (insert, delete, replace, swap of neighbours), ASCII case and -/_ ignored. */
#include "conf/nearest.h"

#include <string.h>

#include "policy/bytes.h"

#define LONGEST 40

static char folded(char byte)
{
    return byte == '-' ? '_' : bytes_lower(byte);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= a_len; i++)
        rows[i][0] = i;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++)
        for (size_t j = 1; j <= b_len; j++) {
            size_t same = folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1;
            size_t best = smaller(rows[i - 1][j], rows[i][j - 1]) + 1;
            best = smaller(best, rows[i - 1][j - 1] + same);
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                best = smaller(best, rows[i - 2][j - 2] + 1);
            rows[i][j] = best;
        }
    return rows[a_len][b_len];
}

struct nearest nearest_to(const char *wanted)
{
    return (struct nearest){.wanted = wanted};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t wanted_len = strlen(nearest->wanted);
    size_t name_len = strlen(name);
    if (wanted_len > LONGEST || name_len > LONGEST)
        return;
    size_t found = distance(nearest->wanted, wanted_len, name, name_len);
    /* Further away than that, a hint would be a guess. */
    if (found > 1 + name_len / 4 || found >= name_len)
        return;
    if (!nearest->name || found < nearest->distance) {
        nearest->name = name;
        nearest->distance = found;
    }
}
