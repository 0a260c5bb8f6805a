/* Counted texts. */
#include "milter/record_text.h"

#include <stdatomic.h>
#include <stdlib.h>

struct record_text {
    atomic_uint references;
    char *data;
    size_t len;
};

struct record_text *record_text_new(char *data, size_t len)
{
    struct record_text *text = malloc(sizeof *text);
    if (!text) {
        free(data);
        return NULL;
    }
    atomic_init(&text->references, 1);
    text->len = len;
    text->data = realloc(data, len + 1); /* what waits takes no more than queues count */
    if (!text->data)
        text->data = data;
    return text;
}

struct bytes record_text_bytes(const struct record_text *text)
{
    return (struct bytes){text->data, text->len};
}

struct record_text *record_text_ref(struct record_text *text)
{
    if (text)
        atomic_fetch_add_explicit(&text->references, 1, memory_order_relaxed);
    return text;
}

void record_text_unref(struct record_text *text)
{
    if (!text || atomic_fetch_sub_explicit(&text->references, 1, memory_order_acq_rel) > 1)
        return;
    free(text->data);
    free(text);
}
