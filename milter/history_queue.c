/* A bounded list of counted texts. */
#include "milter/history_queue.h"

#include <stdlib.h>

struct history_item {
    struct history_item *next;
    struct record_text *record;
};

void history_queue_init(struct history_queue *queue)
{
    *queue = (struct history_queue){.last = &queue->first};
}

bool history_queue_add(struct history_queue *queue, struct record_text *record)
{
    size_t len = record_text_bytes(record).len;
    struct history_item *item = NULL;
    if (queue->bytes + len <= HISTORY_QUEUE_BYTES)
        item = malloc(sizeof *item);
    if (!item) {
        queue->lost++;
        record_text_unref(record);
        return false;
    }
    *item = (struct history_item){.record = record};
    *queue->last = item;
    queue->last = &item->next;
    queue->added++;
    queue->bytes += len;
    return true;
}

size_t history_queue_look(const struct history_queue *queue, struct bytes *ret_records,
                          size_t count)
{
    size_t found = 0;
    for (const struct history_item *item = queue->first; item && found < count; item = item->next)
        ret_records[found++] = record_text_bytes(item->record);
    return found;
}

struct history_item *history_queue_cut(struct history_queue *queue, size_t count)
{
    struct history_item *cut = queue->first;
    struct history_item **end = &queue->first;
    for (; count > 0 && *end; count--) {
        queue->removed++;
        queue->bytes -= record_text_bytes((*end)->record).len;
        end = &(*end)->next;
    }
    if (end == &queue->first)
        return NULL;
    queue->first = *end;
    *end = NULL;
    if (!queue->first)
        queue->last = &queue->first;
    return cut;
}

unsigned long history_items_free(struct history_item *items)
{
    unsigned long count = 0;
    for (; items; count++) {
        struct history_item *next = items->next;
        record_text_unref(items->record);
        free(items);
        items = next;
    }
    return count;
}
