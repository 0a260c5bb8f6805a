/* The decisions of the last hour, kept to be counted. */
#ifndef CTL_TOP_WINDOW_H
#define CTL_TOP_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "history/latest.h"
#include "history/summary.h"

#define WINDOW_MINUTES 60
#define WINDOW_LENGTH (WINDOW_MINUTES * INT64_C(60000)) /* milliseconds */
#define WINDOW_REFUSALS 50

struct window;

struct window_refusal {
    int64_t time;
    char *login, *client, *from, *reason,
        *id; /* "" where there is none; reason: "from.not-owned" */
};

struct window_count {
    const char *name; /* good until the window changes */
    int64_t count, stopped;
};

struct window_figures {
    int64_t minute[SUMMARY_OUTCOMES], hour[SUMMARY_OUTCOMES];
    int64_t by_minute[SUMMARY_OUTCOMES][WINDOW_MINUTES]; /* the oldest first */
    int64_t all_minute, all_hour;
    uint32_t median, p95, p99, most; /* microseconds, of the hour */
};

/* room: rows at most; the oldest are dropped for newer ones. NULL: memory is out. */
struct window *window_new(size_t room);
void window_free(struct window *window);

/* For latest_rows(); context is the window. Rows that there was no memory for are left out. */
void window_add(const struct latest_row *row, void *window);

/* Forgets what is older than an hour. */
void window_move(struct window *window, int64_t now);

void window_figures(const struct window *window, int64_t now, struct window_figures *ret_figures);

/* The logins with most decisions, the most frequent reasons of what was stopped; at most room.
 * Returns how many. */
size_t window_logins(const struct window *window, struct window_count *ret_counts, size_t room);
size_t window_reasons(const struct window *window, struct window_count *ret_counts, size_t room);

/* The newest refusals, the newest first; they stay when the hour is over. NULL: there are no more.
 */
const struct window_refusal *window_refusal(const struct window *window, size_t number);

#endif
