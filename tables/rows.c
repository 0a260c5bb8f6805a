/* The index over rows of text: open addressing, SipHash. */
#include "tables/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy/siphash.h"

void rows_init(struct rows *rows, char *text)
{
    *rows = (struct rows){.text = text};
}

void rows_done(struct rows *rows)
{
    free(rows->text);
    free(rows->rows);
    free(rows->slots);
    *rows = (struct rows){0};
}

bool rows_add(struct rows *rows, const char *key, const char *value, unsigned line,
              struct error *error)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity + rows->capacity / 2 : 64;
        struct row *grown = reallocarray(rows->rows, capacity, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        rows->rows = grown;
        rows->capacity = capacity;
    }
    assert((size_t)(value - rows->text) <= ROWS_TEXT_MAX);
    rows->rows[rows->count++] =
        (struct row){(uint32_t)(key - rows->text), (uint32_t)(value - rows->text), line};
    return true;
}

const char *rows_key(const struct rows *rows, const struct row *row)
{
    return rows->text + row->key;
}

const char *rows_value(const struct rows *rows, const struct row *row)
{
    return rows->text + row->value;
}

/* The slot that holds the key, or the free one where it would go. */
static size_t find_slot(const struct rows *rows, struct bytes key)
{
    size_t slot = (size_t)siphash(rows->secret, key.data, key.len) & rows->slot_mask;
    for (; rows->slots[slot]; slot = (slot + 1) & rows->slot_mask) {
        const char *other = rows->text + rows->rows[rows->slots[slot] - 1].key;
        if (!strncmp(other, key.data, key.len) && !other[key.len])
            break;
    }
    return slot;
}

bool rows_index(struct rows *rows, const struct row **ret_first, const struct row **ret_second)
{
    *ret_first = *ret_second = NULL;
    size_t slots = 16;
    while (slots < rows->count + rows->count / 2)
        slots *= 2;
    rows->slots = calloc(slots, sizeof *rows->slots);
    rows->slot_mask = slots - 1;
    if (!rows->slots || getrandom(rows->secret, sizeof rows->secret, 0) != sizeof rows->secret)
        return false;
    struct row *fitting = reallocarray(rows->rows, rows->count ? rows->count : 1, sizeof *fitting);
    if (fitting) {
        rows->rows = fitting;
        rows->capacity = rows->count ? rows->count : 1;
    }
    for (size_t i = 0; i < rows->count; i++) {
        size_t slot = find_slot(rows, bytes_of(rows_key(rows, &rows->rows[i])));
        if (rows->slots[slot]) {
            *ret_first = &rows->rows[rows->slots[slot] - 1];
            *ret_second = &rows->rows[i];
            return false;
        }
        rows->slots[slot] = (uint32_t)(i + 1);
    }
    return true;
}

const struct row *rows_find(const struct rows *rows, struct bytes key)
{
    uint32_t found = rows->slots[find_slot(rows, key)];
    return found ? &rows->rows[found - 1] : NULL;
}

enum table_walk rows_each(const struct rows *rows, const char *place,
                          const struct table_visitor *visitor)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct table_row row = {.key = bytes_of(rows_key(rows, &rows->rows[i])),
                                      .value = bytes_of(rows_value(rows, &rows->rows[i])),
                                      .place = place,
                                      .line = rows->rows[i].line};
        if (table_visit(visitor, &row) == TABLE_STOPPED)
            return TABLE_STOPPED;
    }
    return TABLE_WALKED;
}
