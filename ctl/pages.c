/* Reading rows page by page. */
#include "ctl/pages.h"

#include <stdlib.h>

#include "policy/arena.h"

#define PAGE_ROWS 2000
#define PAGE_BYTES (32 * 1024 * 1024)

struct page {
    struct arena *arena;
    struct history_row *rows;
    size_t count;
    int64_t time, seq; /* of the last row so far; rows up to it are passed over */
    bool full;
};

bool pages_copy_row(struct arena *arena, const struct history_row *row,
                    struct history_row *ret_copy)
{
    struct bytes *const texts[] = {
        &ret_copy->id,        &ret_copy->queue_id,     &ret_copy->command,     &ret_copy->listener,
        &ret_copy->policy,    &ret_copy->config,       &ret_copy->client,      &ret_copy->network,
        &ret_copy->login,     &ret_copy->auth_mech,    &ret_copy->tls_version, &ret_copy->cipher,
        &ret_copy->mail_from, &ret_copy->from_address, &ret_copy->message_id,  &ret_copy->action,
        &ret_copy->rule,      &ret_copy->reason,       &ret_copy->record,
    };
    *ret_copy = *row;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->data)
            *texts[i] = arena_bytes(arena, *texts[i]);
    return !arena_failed(arena);
}

static bool keep(const struct history_row *row, void *context)
{
    struct page *page = context;
    if (row->time == page->time && row->seq <= page->seq)
        return true;
    if (page->count == PAGE_ROWS || !pages_copy_row(page->arena, row, &page->rows[page->count])) {
        page->full = true;
        return false;
    }
    page->count++;
    return true;
}

static bool note_oldest(const struct history_row *row, void *context)
{
    struct page *page = context;
    page->time = row->time;
    page->seq = row->seq;
    return true;
}

/* Where the newest rows begin, so many as the filter's limit. */
static bool find_beginning(struct history *history, const struct history_filter *filter,
                           struct page *page, struct error *error)
{
    struct history_filter backwards = *filter;
    backwards.newest_first = true;
    backwards.without_record = true;
    if (!filter->limit)
        return true;
    if (!history_find(history, &backwards, note_oldest, page, error))
        return false;
    page->seq--; /* the oldest itself is wanted */
    return true;
}

static bool read_page(struct history *history, const struct history_filter *filter,
                      struct page *page, struct error *error)
{
    struct history_filter from = *filter;
    from.newest_first = false;
    from.limit = 0;
    if (page->time > from.since)
        from.since = page->time;
    page->count = 0;
    page->full = false;
    arena_clear(page->arena);
    if (!history_find(history, &from, keep, page, error))
        return false;
    return page->count || !page->full || error_set(error, "out of memory");
}

static bool each_page(struct history *history, const struct history_filter *filter,
                      struct page *page, bool (*row)(const struct history_row *row, void *context),
                      void *context, struct error *error)
{
    if (!find_beginning(history, filter, page, error))
        return false;
    do {
        if (!read_page(history, filter, page, error))
            return false;
        for (size_t i = 0; i < page->count; i++)
            if (!row(&page->rows[i], context))
                return true;
        if (page->count) {
            page->time = page->rows[page->count - 1].time;
            page->seq = page->rows[page->count - 1].seq;
        }
    } while (page->full);
    return true;
}

bool pages_each(struct history *history, const struct history_filter *filter,
                bool (*row)(const struct history_row *row, void *context), void *context,
                struct error *error)
{
    struct page page = {.arena = arena_new(PAGE_BYTES),
                        .rows = calloc(PAGE_ROWS, sizeof *page.rows),
                        .time = INT64_MIN};
    bool well = page.arena && page.rows ? each_page(history, filter, &page, row, context, error)
                                        : error_set(error, "out of memory");
    arena_free(page.arena);
    free(page.rows);
    return well;
}
