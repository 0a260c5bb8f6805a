/* A summary's figures over time, and how long decisions took: one walk through the span. */
#include <stdlib.h>
#include <string.h>

#include "history/buckets.h"
#include "history/percentile.h"
#include "history/summary_private.h"

struct delays {
    uint32_t *numbers;
    size_t count, room;
};

int64_t summary_delay(size_t piece)
{
    int64_t octave = INT64_C(16) << piece / 2;
    return piece % 2 ? octave * 1414 / 1000 : octave;
}

static bool keep_delay(struct delays *delays, int64_t usec)
{
    if (delays->count == delays->room) {
        size_t room = delays->room ? delays->room * 2 : 4096;
        uint32_t *larger = reallocarray(delays->numbers, room, sizeof *larger);
        if (!larger)
            return false;
        delays->numbers = larger;
        delays->room = room;
    }
    delays->numbers[delays->count++] = usec < 0            ? 0
                                       : usec > UINT32_MAX ? UINT32_MAX
                                                           : (uint32_t)usec;
    return true;
}

static void spread_delays(struct delays *delays, struct summary_latency *latency)
{
    percentile_sort(delays->numbers, delays->count);
    latency->count = (int64_t)delays->count;
    latency->median = percentile_of(delays->numbers, delays->count, 50);
    latency->p95 = percentile_of(delays->numbers, delays->count, 95);
    latency->p99 = percentile_of(delays->numbers, delays->count, 99);
    latency->max = percentile_of(delays->numbers, delays->count, 100);
    size_t piece = 0;
    for (size_t i = 0; i < delays->count; i++) {
        while (piece + 1 < SUMMARY_DELAYS && delays->numbers[i] > summary_delay(piece))
            piece++;
        latency->spread[piece]++;
    }
}

static void cut_buckets(struct summary *summary)
{
    int64_t begins[SUMMARY_BUCKETS_MAX];
    summary->bucket_count = buckets_cut(summary->begin, summary->until, SUMMARY_BUCKETS_MAX, begins,
                                        &summary->bucket_ms);
    for (size_t i = 0; i < summary->bucket_count; i++)
        summary->buckets[i].begin = begins[i];
}

/* The bucket that holds a moment: the last that begins at or before it. */
static struct summary_bucket *bucket_of(struct summary *summary, int64_t time)
{
    size_t low = 0, high = summary->bucket_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (summary->buckets[middle].begin <= time)
            low = middle;
        else
            high = middle;
    }
    return &summary->buckets[low];
}

static bool count_row(struct summary *summary, sqlite3_stmt *row, struct delays *delays)
{
    int64_t time = sqlite3_column_int64(row, 0);
    enum summary_outcome outcome = summary_outcome_of((const char *)sqlite3_column_text(row, 1));
    bool message = sqlite3_column_type(row, 2) == SQLITE_NULL;
    if (!summary->decisions || time < summary->first)
        summary->first = time;
    if (time > summary->last)
        summary->last = time;
    summary->decisions++;
    summary->messages += message;
    summary->counts[outcome]++;
    bucket_of(summary, time)->counts[outcome]++;
    return !message || sqlite3_column_type(row, 3) == SQLITE_NULL ||
           keep_delay(delays, sqlite3_column_int64(row, 3));
}

static bool walk(const struct summary_question *question, struct delays *delays)
{
    sqlite3_stmt *rows = summary_ask(question, "SELECT time, action, command, usec FROM temp.span");
    bool row = false, good = rows;
    while (good && (good = summary_next(question, rows, &row)) && row)
        good = count_row(question->summary, rows, delays) ||
               error_set(question->error, "out of memory");
    sqlite3_finalize(rows);
    return good;
}

bool summary_count(const struct summary_question *question)
{
    struct delays delays = {0};
    cut_buckets(question->summary);
    bool row, good = walk(question, &delays);
    if (good)
        spread_delays(&delays, &question->summary->latency);
    free(delays.numbers);
    sqlite3_stmt *logins =
        good ? summary_ask(question,
                           "SELECT count(DISTINCT login), count(DISTINCT CASE WHEN " SUMMARY_STOPPED
                           " THEN login END) FROM temp.span")
             : NULL;
    good = logins && summary_next(question, logins, &row);
    if (good) {
        question->summary->logins = sqlite3_column_int64(logins, 0);
        question->summary->stopped = sqlite3_column_int64(logins, 1);
    }
    sqlite3_finalize(logins);
    return good;
}
