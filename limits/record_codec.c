/* Records as they lie in the file. */
#include "limits/record_codec.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_VERSION 1
#define SLOTS_MAX 110 /* of one window: a day's 97, and what clocks may add */

static void put_tally(const struct tally *tally, struct codec_writer *writer)
{
    codec_put(writer, tally->count);
    for (size_t i = 0; i < tally->count; i++) {
        const struct bucket *bucket = &tally->buckets[i];
        uint8_t there = 0;
        for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++)
            if (bucket->counts[quantity])
                there |= (uint8_t)(1 << quantity);
        codec_put(writer, (uint64_t)bucket->window << QUANTITY_COUNT | there);
        bool follows = i && bucket[-1].window == bucket->window;
        codec_put(writer, bucket->slot - (follows ? bucket[-1].slot : 0));
        for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++)
            if (bucket->counts[quantity])
                codec_put(writer, (uint64_t)bucket->counts[quantity]);
    }
}

/* False: no memory. What else is wrong the reader says. */
static bool get_tally(struct codec_reader *reader, struct tally *tally)
{
    size_t count = codec_get(reader, (uint64_t)WINDOW_COUNT * SLOTS_MAX);
    if (reader->failed || !count)
        return true;
    tally->buckets = calloc(count, sizeof *tally->buckets);
    if (!tally->buckets)
        return false;
    tally->room = (uint16_t)count;
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct bucket *bucket = &tally->buckets[i];
        uint64_t head = codec_get(reader, ((uint64_t)WINDOW_COUNT << QUANTITY_COUNT) - 1);
        bucket->window = (uint32_t)(head >> QUANTITY_COUNT);
        bool follows = i && bucket[-1].window == bucket->window;
        uint64_t slot = codec_get(reader, UINT32_MAX) + (follows ? bucket[-1].slot : 0);
        if (slot > UINT32_MAX || (follows && slot == bucket[-1].slot) ||
            (i && bucket[-1].window > bucket->window))
            reader->failed = true;
        bucket->slot = (uint32_t)slot;
        for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++)
            if (head & (1U << quantity))
                bucket->counts[quantity] = (int64_t)codec_get(reader, INT64_MAX);
        tally->count++;
    }
    return true;
}

static void put_seen(const struct seen_list *list, struct codec_writer *writer)
{
    codec_put(writer, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct seen *item = &list->items[i];
        uint32_t there = 0;
        codec_put_bytes(writer, &item->hash, sizeof item->hash);
        codec_put(writer, item->first);
        codec_put(writer, item->last);
        codec_put(writer, item->count);
        for (size_t back = 0; back < HABITS_HOUR_SLOTS; back++)
            if (item->hour[back])
                there |= 1U << back;
        codec_put(writer, there);
        if (there)
            codec_put(writer, item->slot);
        for (size_t back = 0; back < HABITS_HOUR_SLOTS; back++)
            if (item->hour[back])
                codec_put(writer, item->hour[back]);
    }
}

static bool get_seen(struct codec_reader *reader, struct seen_list *list, size_t most)
{
    size_t count = codec_get(reader, most);
    if (reader->failed || !count)
        return true;
    list->items = calloc(count, sizeof *list->items);
    if (!list->items)
        return false;
    list->room = (uint16_t)count;
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct seen *item = &list->items[i];
        codec_get_bytes(reader, &item->hash, sizeof item->hash);
        item->first = (uint32_t)codec_get(reader, UINT32_MAX);
        item->last = (uint32_t)codec_get(reader, UINT32_MAX);
        item->count = (uint32_t)codec_get(reader, UINT32_MAX);
        uint64_t there = codec_get(reader, (1U << HABITS_HOUR_SLOTS) - 1);
        if (there)
            item->slot = (uint32_t)codec_get(reader, UINT32_MAX);
        for (size_t back = 0; back < HABITS_HOUR_SLOTS; back++)
            if (there & (1U << back))
                item->hour[back] = (uint16_t)codec_get(reader, UINT16_MAX);
        list->count++;
    }
    return true;
}

static void put_habits(const struct habits *habits, struct codec_writer *writer)
{
    uint32_t there = 0;
    codec_put(writer, (uint64_t)habits->since);
    codec_put(writer, (uint64_t)habits->messages);
    for (int hour = 0; hour < 24; hour++)
        if (habits->hours[hour])
            there |= 1U << hour;
    codec_put(writer, there);
    for (int hour = 0; hour < 24; hour++)
        if (habits->hours[hour])
            codec_put(writer, habits->hours[hour]);
    put_seen(&habits->networks, writer);
    put_seen(&habits->looks, writer);
}

static bool get_habits(struct codec_reader *reader, struct habits *habits)
{
    habits->since = (int64_t)codec_get(reader, INT64_MAX / 1000);
    habits->messages = (int64_t)codec_get(reader, INT64_MAX / 2);
    uint64_t there = codec_get(reader, (1U << 24) - 1);
    for (int hour = 0; hour < 24; hour++)
        if (there & (1U << hour))
            habits->hours[hour] = (uint32_t)codec_get(reader, UINT32_MAX);
    return get_seen(reader, &habits->networks, HABITS_NETWORKS_MAX) &&
           get_seen(reader, &habits->looks, HABITS_LOOKS_MAX);
}

void record_encode(const struct record *record, struct codec_writer *writer)
{
    writer->len = 0;
    writer->is_full = false;
    codec_put(writer, RECORD_VERSION);
    put_tally(&record->tally, writer);
    codec_put(writer, record->habits ? 1 : 0);
    if (record->habits)
        put_habits(record->habits, writer);
    codec_seal(writer);
}

enum decoded record_decode(const void *data, size_t len, struct record *record)
{
    struct codec_reader reader;
    bool has_memory = true;
    if (!codec_open(&reader, data, len) || codec_get(&reader, UINT64_MAX) != RECORD_VERSION)
        return DECODED_UNREADABLE;
    has_memory = get_tally(&reader, &record->tally);
    if (has_memory && codec_get(&reader, 1))
        has_memory = record_habits(record) && get_habits(&reader, record->habits);
    if (has_memory && codec_is_done(&reader))
        return DECODED;
    record_done(record);
    return has_memory ? DECODED_UNREADABLE : DECODED_NO_MEMORY;
}

void standing_encode(const struct standing *standing, struct codec_writer *writer)
{
    writer->len = 0;
    writer->is_full = false;
    codec_put(writer, RECORD_VERSION);
    codec_put(writer, (uint64_t)standing->raised);
    codec_put(writer, (uint64_t)standing->set);
    for (int state = 0; state < LOGIN_STATES; state++) {
        const struct standing_word *word = &standing->words[state];
        size_t len = strlen(word->cause);
        codec_put(writer, word->is_said);
        if (!word->is_said)
            continue;
        codec_put(writer, (uint64_t)word->since);
        codec_put(writer, (uint64_t)word->until);
        codec_put(writer, len);
        codec_put_bytes(writer, word->cause, len);
    }
    codec_seal(writer);
}

bool standing_decode(const void *data, size_t len, struct standing *ret_standing)
{
    struct codec_reader reader;
    *ret_standing = (struct standing){0};
    if (!codec_open(&reader, data, len) || codec_get(&reader, UINT64_MAX) != RECORD_VERSION)
        return false;
    ret_standing->raised = (int64_t)codec_get(&reader, INT64_MAX);
    ret_standing->set = (int64_t)codec_get(&reader, INT64_MAX);
    for (int state = 0; state < LOGIN_STATES; state++) {
        struct standing_word *word = &ret_standing->words[state];
        word->is_said = codec_get(&reader, 1);
        if (!word->is_said)
            continue;
        word->since = (int64_t)codec_get(&reader, INT64_MAX);
        word->until = (int64_t)codec_get(&reader, INT64_MAX);
        codec_get_bytes(&reader, word->cause, codec_get(&reader, LIMITS_CAUSE_MAX));
    }
    return codec_is_done(&reader);
}
