/* The records' thread. */
#include "milter/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "milter/log.h"
#include "milter/outbox.h"
#include "milter/record_file.h"
#include "milter/signals.h"

#define QUEUE_BYTES ((size_t)16 << 20)
#define STOP_SECONDS 5
#define BATCH 64

struct record_item {
    struct outbox_item item;
    struct record_text *record; /* NULL: the file of all that come behind it is another one */
    char *path;
};

static struct outbox records;
static pthread_t thread;
static atomic_bool running;

static struct record_item *next_of(const struct record_item *item)
{
    return (struct record_item *)item->item.next;
}

/* As many records as come before another file. Returns what is behind them. */
static struct record_item *write_some(struct record_item *item)
{
    size_t count = 0;
    struct bytes lines[BATCH];
    for (; item && item->record && count < BATCH; item = next_of(item))
        lines[count++] = record_text_bytes(item->record);
    record_file_write(lines, count);
    return item;
}

static void write_items(struct record_item *item)
{
    while (item) {
        item = write_some(item);
        if (item && !item->record) {
            record_file_use(item->path);
            item = next_of(item);
        }
    }
}

static void free_items(struct record_item *item)
{
    while (item) {
        struct record_item *next = next_of(item);
        record_text_unref(item->record);
        free(item);
        item = next;
    }
}

static void *run(void *unused)
{
    (void)unused;
    signals_block();
    struct outbox_item *items;
    unsigned long lost;
    while (outbox_take(&records, &items, &lost)) {
        write_items((struct record_item *)items);
        free_items((struct record_item *)items);
        if (lost)
            log_error("%lu records were lost: the log could not keep up, or memory was out", lost);
    }
    record_file_use(NULL);
    outbox_has_ended(&records);
    return NULL;
}

bool writer_start(struct error *error)
{
    outbox_init(&records, QUEUE_BYTES);
    int failed = pthread_create(&thread, NULL, run, NULL);
    if (failed)
        return error_set(error, "cannot start the records' thread: %s", strerror(failed));
    atomic_store(&running, true);
    return true;
}

void writer_stop(void)
{
    if (!atomic_exchange(&running, false))
        return;
    if (!outbox_end(&records, STOP_SECONDS)) {
        log_error("log.json: the last records were lost: they could not be written in time");
        return;
    }
    pthread_join(thread, NULL);
}

void writer_set_file(const char *path)
{
    struct record_item *item = calloc(1, sizeof *item);
    char *copy = path ? strdup(path) : NULL;
    if (!item || (path && !copy)) {
        log_error("log.json: no memory for its new path: the one before holds");
        free(item);
        free(copy);
        return;
    }
    item->path = copy;
    outbox_put(&records, &item->item); /* it has no size: there is always room */
}

void writer_take_record(struct record_text *record)
{
    struct record_item *item = atomic_load(&running) ? malloc(sizeof *item) : NULL;
    if (item) {
        *item = (struct record_item){{.size = record_text_bytes(record).len}, record, NULL};
        if (outbox_put(&records, &item->item))
            return;
    } else if (atomic_load(&running)) {
        outbox_lose(&records);
    }
    free(item);
    record_text_unref(record);
}

bool writer_works(void)
{
    return outbox_bytes(&records) < QUEUE_BYTES / 2 && record_file_works();
}
