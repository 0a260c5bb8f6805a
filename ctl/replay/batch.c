/* Collecting records. */
#include "ctl/replay/batch.h"

#include <stdlib.h>
#include <string.h>

#define FULL_BYTES ((size_t)1 << 20) /* one record may be more */

static bool append(struct batch *batch, struct bytes text)
{
    if (batch->room - batch->len < text.len) {
        size_t room = (batch->len + text.len) * 2;
        char *grown = realloc(batch->text, room);
        if (!grown)
            return false;
        batch->text = grown;
        batch->room = room;
    }
    if (text.len)
        memcpy(batch->text + batch->len, text.data, text.len);
    batch->len += text.len;
    return true;
}

bool batch_add(struct batch *batch, const char *place, uint64_t line, struct bytes text)
{
    batch->records[batch->count] = (struct batch_record){place, line, batch->len, text.len};
    if (!append(batch, text))
        return false;
    batch->count++;
    return true;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->count == BATCH_RECORDS || batch->len >= FULL_BYTES;
}

struct bytes batch_text(const struct batch *batch, size_t i)
{
    return (struct bytes){batch->text + batch->records[i].offset, batch->records[i].len};
}

void batch_clear(struct batch *batch)
{
    batch->count = 0;
    batch->len = 0;
}

void batch_free_all(struct batch *batch)
{
    while (batch) {
        struct batch *next = batch->next;
        free(batch->text);
        free(batch);
        batch = next;
    }
}
