/* The index over rows of text: open addressing, SipHash. */
#include "tables/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy/siphash.h"
#include "tables/key.h"

void rows_init(struct rows *rows, char *text)
{
    *rows = (struct rows){.text = text};
}

void rows_done(struct rows *rows)
{
    free(rows->text);
    free(rows->longer);
    free(rows->rows);
    free(rows->slots);
    *rows = (struct rows){0};
}

#define IN_LONGER ((uint32_t)1 << 31)

/* Takes the key over: it is given to free(). */
static bool keep_longer(struct rows *rows, char *key, size_t len, uint32_t *ret_key)
{
    size_t needed = rows->longer_len + len + 1;
    char *grown = needed <= ROWS_TEXT_MAX ? realloc(rows->longer, needed) : NULL;
    if (grown) {
        memcpy(grown + rows->longer_len, key, len);
        grown[needed - 1] = '\0';
        *ret_key = IN_LONGER | (uint32_t)rows->longer_len;
        rows->longer = grown;
        rows->longer_len = needed;
    }
    free(key);
    return grown != NULL;
}

static bool fold(struct rows *rows, enum table_case letters, const struct row_text *text,
                 uint32_t *ret_key)
{
    size_t len = text->key_len;
    char *longer;
    if (!key_fold_row(text->key, &len, letters, &longer))
        return false;
    if (longer)
        return keep_longer(rows, longer, len, ret_key);
    text->key[len] = '\0';
    *ret_key = (uint32_t)(text->key - rows->text);
    return true;
}

bool rows_add(struct rows *rows, enum table_case letters, const struct row_text *text,
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
    assert((size_t)(text->value - rows->text) <= ROWS_TEXT_MAX);
    uint32_t key = 0;
    if (!fold(rows, letters, text, &key))
        return error_set(error, "out of memory");
    rows->rows[rows->count++] = (struct row){key, (uint32_t)(text->value - rows->text), text->line};
    return true;
}

const char *rows_key(const struct rows *rows, const struct row *row)
{
    return row->key & IN_LONGER ? rows->longer + (row->key & ~IN_LONGER) : rows->text + row->key;
}

const char *rows_value(const struct rows *rows, const struct row *row)
{
    return rows->text + row->value;
}

static uint64_t hash_of(const struct rows *rows, struct bytes key)
{
    return siphash(rows->secret, key.data, key.len);
}

/* The part of a slot that is its key's hash: a row is only looked at where that is the same. */
static uint32_t mark(const struct rows *rows, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~rows->row_mask;
}

static const struct row *row_in(const struct rows *rows, uint32_t slot)
{
    return &rows->rows[(slot & rows->row_mask) - 1];
}

/* The slot that holds the key, or the free one where it would go. */
static size_t find_slot(const struct rows *rows, struct bytes key, uint64_t hash)
{
    uint32_t wanted = mark(rows, hash);
    size_t slot = (size_t)hash & rows->slot_mask;
    for (; rows->slots[slot]; slot = (slot + 1) & rows->slot_mask) {
        if ((rows->slots[slot] & ~rows->row_mask) != wanted)
            continue;
        const char *other = rows_key(rows, row_in(rows, rows->slots[slot]));
        if (!strncmp(other, key.data, key.len) && !other[key.len])
            break;
    }
    return slot;
}

/* Rows that are hashed ahead of being put: of 1,000,000 each slot is a cache line that was not
 * there. */
#define AHEAD 16

static bool put(struct rows *rows, size_t row, uint64_t hash, const struct row **ret_first,
                const struct row **ret_second)
{
    size_t slot = find_slot(rows, bytes_of(rows_key(rows, &rows->rows[row])), hash);
    if (!rows->slots[slot]) {
        rows->slots[slot] = mark(rows, hash) | (uint32_t)(row + 1);
        return true;
    }
    *ret_first = row_in(rows, rows->slots[slot]);
    *ret_second = &rows->rows[row];
    return false;
}

bool rows_index(struct rows *rows, const struct row **ret_first, const struct row **ret_second)
{
    *ret_first = *ret_second = NULL;
    size_t slots = 16;
    while (slots < rows->count + rows->count / 2)
        slots *= 2;
    rows->slots = calloc(slots, sizeof *rows->slots);
    rows->slot_mask = slots - 1;
    for (rows->row_mask = 1; rows->row_mask < rows->count;)
        rows->row_mask = 2 * rows->row_mask + 1;
    if (!rows->slots || getrandom(rows->secret, sizeof rows->secret, 0) != sizeof rows->secret)
        return false;
    struct row *fitting = reallocarray(rows->rows, rows->count ? rows->count : 1, sizeof *fitting);
    if (fitting) {
        rows->rows = fitting;
        rows->capacity = rows->count ? rows->count : 1;
    }
    uint64_t hash[AHEAD];
    for (size_t i = 0; i < rows->count + AHEAD; i++) {
        if (i >= AHEAD && !put(rows, i - AHEAD, hash[i % AHEAD], ret_first, ret_second))
            return false;
        if (i >= rows->count)
            continue;
        hash[i % AHEAD] = hash_of(rows, bytes_of(rows_key(rows, &rows->rows[i])));
        __builtin_prefetch(&rows->slots[(size_t)hash[i % AHEAD] & rows->slot_mask], 1);
    }
    return true;
}

const struct row *rows_find(const struct rows *rows, struct bytes key)
{
    uint32_t found = rows->slots[find_slot(rows, key, hash_of(rows, key))];
    return found ? row_in(rows, found) : NULL;
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
