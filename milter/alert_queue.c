/* A short list. */
#include "milter/alert_queue.h"

bool alert_queue_add(struct alert_queue *queue, struct alert *alert)
{
    struct alert **end = &queue->first;
    if (queue->count == ALERT_QUEUE_MAX) {
        queue->lost++;
        alert_free(alert);
        return false;
    }
    while (*end && (*end)->due <= alert->due)
        end = &(*end)->next;
    alert->next = *end;
    *end = alert;
    queue->count++;
    return true;
}

struct alert *alert_queue_take(struct alert_queue *queue, int64_t now, int64_t *ret_due)
{
    struct alert *first = queue->first;
    *ret_due = first ? first->due : INT64_MAX;
    if (!first || first->due > now)
        return NULL;
    queue->first = first->next;
    queue->count--;
    first->next = NULL;
    return first;
}

void alert_free(struct alert *alert)
{
    if (alert)
        arena_free(alert->arena);
}
