/* Counting the last hour. */
#include "ctl/top/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/percentile.h"

#define LONGEST 200 /* bytes of a text that are kept */

struct kept {
    int64_t time;
    uint32_t usec;
    enum summary_outcome outcome;
    char *login;  /* "" where nobody was logged in */
    char *reason; /* NULL where nothing was stopped */
};

struct window {
    struct kept *rows; /* a ring */
    size_t room, first, count;
    struct window_refusal refusals[WINDOW_REFUSALS]; /* a ring */
    size_t next_refusal, refusal_count;
};

static struct kept *row_at(const struct window *window, size_t number)
{
    return &window->rows[(window->first + number) % window->room];
}

static char *copy(struct bytes text)
{
    return strndup(text.len ? text.data : "", text.len < LONGEST ? text.len : LONGEST);
}

static char *reason_of(const struct latest_row *row)
{
    char text[2 * LONGEST];
    snprintf(text, sizeof text, "%.*s.%.*s", (int)(row->rule.len < 100 ? row->rule.len : 100),
             row->rule.len ? row->rule.data : "",
             (int)(row->reason.len < 100 ? row->reason.len : 100),
             row->reason.len ? row->reason.data : "");
    return strdup(text);
}

static void refusal_done(struct window_refusal *refusal)
{
    free(refusal->login);
    free(refusal->client);
    free(refusal->from);
    free(refusal->reason);
    free(refusal->id);
    *refusal = (struct window_refusal){0};
}

static void drop_first(struct window *window)
{
    free(row_at(window, 0)->login);
    free(row_at(window, 0)->reason);
    window->first = (window->first + 1) % window->room;
    window->count--;
}

struct window *window_new(size_t room)
{
    struct window *window = calloc(1, sizeof *window);
    if (!window)
        return NULL;
    window->room = room;
    window->rows = calloc(room, sizeof *window->rows);
    if (window->rows)
        return window;
    free(window);
    return NULL;
}

void window_free(struct window *window)
{
    if (!window)
        return;
    while (window->count)
        drop_first(window);
    for (size_t i = 0; i < WINDOW_REFUSALS; i++)
        refusal_done(&window->refusals[i]);
    free(window->rows);
    free(window);
}

static void add_refusal(struct window *window, const struct latest_row *row)
{
    struct window_refusal refusal = {.time = row->time,
                                     .login = copy(row->login),
                                     .client = copy(row->client),
                                     .from = copy(row->from),
                                     .reason = reason_of(row),
                                     .id = copy(row->id)};
    if (!refusal.login || !refusal.client || !refusal.from || !refusal.reason || !refusal.id) {
        refusal_done(&refusal);
        return;
    }
    struct window_refusal *place = &window->refusals[window->next_refusal];
    refusal_done(place);
    *place = refusal;
    window->next_refusal = (window->next_refusal + 1) % WINDOW_REFUSALS;
    if (window->refusal_count < WINDOW_REFUSALS)
        window->refusal_count++;
}

void window_add(const struct latest_row *row, void *context)
{
    struct window *window = context;
    char action[16];
    snprintf(action, sizeof action, "%.*s", (int)(row->action.len < 15 ? row->action.len : 15),
             row->action.len ? row->action.data : "");
    struct kept kept = {.time = row->time,
                        .usec = row->usec < 0            ? 0
                                : row->usec > UINT32_MAX ? UINT32_MAX
                                                         : (uint32_t)row->usec,
                        .outcome = summary_outcome_of(action),
                        .login = copy(row->login)};
    bool stopped = kept.outcome >= SUMMARY_DEFERRED;
    kept.reason = stopped ? reason_of(row) : NULL;
    if (!kept.login || (stopped && !kept.reason)) {
        free(kept.login);
        free(kept.reason);
        return;
    }
    if (window->count == window->room)
        drop_first(window);
    *row_at(window, window->count++) = kept;
    if (stopped)
        add_refusal(window, row);
}

/* Rows do not come in the order of their times: imported ones are older than those before them. */
void window_move(struct window *window, int64_t now)
{
    size_t left = 0;
    for (size_t i = 0; i < window->count; i++) {
        struct kept *row = row_at(window, i);
        if (row->time > now - WINDOW_LENGTH) {
            *row_at(window, left++) = *row;
            continue;
        }
        free(row->login);
        free(row->reason);
    }
    window->count = left;
}

static void delays(const struct window *window, struct window_figures *figures)
{
    uint32_t *numbers = calloc(window->count + 1, sizeof *numbers);
    if (!numbers)
        return;
    for (size_t i = 0; i < window->count; i++)
        numbers[i] = row_at(window, i)->usec;
    percentile_sort(numbers, window->count);
    figures->median = percentile_of(numbers, window->count, 50);
    figures->p95 = percentile_of(numbers, window->count, 95);
    figures->p99 = percentile_of(numbers, window->count, 99);
    figures->most = percentile_of(numbers, window->count, 100);
    free(numbers);
}

void window_figures(const struct window *window, int64_t now, struct window_figures *ret_figures)
{
    *ret_figures = (struct window_figures){0};
    for (size_t i = 0; i < window->count; i++) {
        const struct kept *row = row_at(window, i);
        int64_t ago = (now - row->time) / 60000;
        ago = ago < 0 ? 0 : ago; /* a clock that was put back */
        if (ago >= WINDOW_MINUTES)
            continue;
        ret_figures->by_minute[row->outcome][WINDOW_MINUTES - 1 - ago]++;
        ret_figures->hour[row->outcome]++;
        ret_figures->all_hour++;
        ret_figures->minute[row->outcome] += ago == 0;
        ret_figures->all_minute += ago == 0;
    }
    delays(window, ret_figures);
}

struct named {
    const char *name;
    bool stopped;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

/* Keeps counts in order, the greatest first. */
static size_t place(struct window_count *counts, size_t count, size_t room,
                    struct window_count added)
{
    size_t at = count;
    while (at && counts[at - 1].count < added.count)
        at--;
    if (at == room)
        return count;
    size_t kept = count < room ? count : room - 1;
    memmove(&counts[at + 1], &counts[at], (kept - at) * sizeof *counts);
    counts[at] = added;
    return kept + 1;
}

static size_t count_names(struct named *names, size_t count, struct window_count *ret_counts,
                          size_t room)
{
    size_t found = 0;
    if (count)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0, end; i < count; i = end) {
        struct window_count one = {.name = names[i].name};
        for (end = i; end < count && strcmp(names[end].name, names[i].name) == 0; end++) {
            one.count++;
            one.stopped += names[end].stopped;
        }
        if (room)
            found = place(ret_counts, found, room, one);
    }
    return found;
}

size_t window_logins(const struct window *window, struct window_count *ret_counts, size_t room)
{
    size_t count = 0;
    struct named *names = calloc(window->count + 1, sizeof *names);
    if (!names)
        return 0;
    for (size_t i = 0; i < window->count; i++) {
        const struct kept *row = row_at(window, i);
        if (*row->login)
            names[count++] = (struct named){row->login, row->reason};
    }
    size_t found = count_names(names, count, ret_counts, room);
    free(names);
    return found;
}

size_t window_reasons(const struct window *window, struct window_count *ret_counts, size_t room)
{
    size_t count = 0;
    struct named *names = calloc(window->count + 1, sizeof *names);
    if (!names)
        return 0;
    for (size_t i = 0; i < window->count; i++) {
        const struct kept *row = row_at(window, i);
        if (row->reason)
            names[count++] = (struct named){row->reason, true};
    }
    size_t found = count_names(names, count, ret_counts, room);
    free(names);
    return found;
}

const struct window_refusal *window_refusal(const struct window *window, size_t number)
{
    if (number >= window->refusal_count)
        return NULL;
    size_t at = (window->next_refusal + 2 * WINDOW_REFUSALS - 1 - number) % WINDOW_REFUSALS;
    return &window->refusals[at];
}
