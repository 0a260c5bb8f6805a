/* A summary on a terminal or in a pipe. */
#include <inttypes.h>
#include <string.h>

#include "ctl/plain.h"
#include "ctl/report/axis.h"
#include "ctl/report/figures.h"
#include "ctl/report/report.h"
#include "ctl/report/spark.h"
#include "ctl/report/text_lists.h"
#include "ctl/when.h"

#define BEFORE_SPARK 36 /* columns */
#define BEFORE_SPARK_NARROW 22
#define NARROW 70
#define LEAST_SPARK 10

static void heading(const struct text_page *page, const char *title, const char *note)
{
    const char *bold = page->look->colour ? "\x1b[1m" : "",
               *plain = page->look->colour ? "\x1b[0m" : "";
    fprintf(page->out, "\n%s%s%s", bold, title, plain);
    if (note && *note)
        fprintf(page->out, "  (%s)", note);
    fputc('\n', page->out);
}

void text_heading(const struct text_page *page, const char *title, const char *note)
{
    heading(page, title, note);
}

static const char *colour_of(const struct text_page *page, size_t outcome)
{
    static const char *const colours[] = {[SUMMARY_ACCEPTED] = "",
                                          [SUMMARY_FIXED] = "\x1b[34m",
                                          [SUMMARY_QUARANTINED] = "\x1b[35m",
                                          [SUMMARY_DEFERRED] = "\x1b[33m",
                                          [SUMMARY_REFUSED] = "\x1b[31m"};
    return page->look->colour ? colours[outcome] : "";
}

static unsigned before_spark(const struct text_page *page)
{
    return page->look->width < NARROW ? BEFORE_SPARK_NARROW : BEFORE_SPARK;
}

/* How many buckets make a column. */
static size_t merged(const struct text_page *page)
{
    unsigned width = page->look->width, before = before_spark(page);
    size_t room = width > before + LEAST_SPARK ? width - before : LEAST_SPARK;
    return (page->summary->bucket_count + room - 1) / room;
}

static void spark_row(const struct text_page *page, size_t outcome, size_t merge)
{
    const struct summary *summary = page->summary;
    int64_t columns[SUMMARY_BUCKETS_MAX] = {0}, most = 0;
    size_t count = (summary->bucket_count + merge - 1) / merge;
    char line[SUMMARY_BUCKETS_MAX * 3 + 1], number[FIGURES_SIZE], share[FIGURES_SIZE],
        peak[FIGURES_SIZE];
    for (size_t i = 0; i < summary->bucket_count; i++) {
        columns[i / merge] += summary->buckets[i].counts[outcome];
        if (columns[i / merge] > most)
            most = columns[i / merge];
    }
    spark_line(columns, count, page->look->utf8, line, sizeof line);
    const char *colour = colour_of(page, outcome);
    fprintf(page->out, "  %-11s ", summary_outcome_word((enum summary_outcome)outcome));
    if (before_spark(page) == BEFORE_SPARK)
        fprintf(page->out, "%9s %6s %5s ", figures_count(summary->counts[outcome], number),
                figures_percent(summary->counts[outcome], summary->decisions, share),
                figures_count(most, peak));
    else
        fprintf(page->out, "%7s ", figures_count(summary->counts[outcome], number));
    fprintf(page->out, "%s%s%s\n", colour, line, *colour ? "\x1b[0m" : "");
}

static void axis_row(const struct text_page *page, size_t merge)
{
    struct axis_label labels[AXIS_LABELS_MAX];
    size_t count = axis_labels(page->summary, labels);
    size_t at = 0;
    fprintf(page->out, "%*s", (int)before_spark(page), "");
    for (size_t i = 0; i < count; i++) {
        size_t column = labels[i].bucket / merge, len = strlen(labels[i].text);
        if ((at && column < at + 1) || before_spark(page) + column + len > page->look->width)
            continue;
        fprintf(page->out, "%*s%s", (int)(column - at), "", labels[i].text);
        at = column + len;
    }
    fputc('\n', page->out);
}

static void over_time(const struct text_page *page)
{
    const struct summary *summary = page->summary;
    size_t merge = merged(page);
    char note[100], length[FIGURES_SIZE];
    snprintf(note, sizeof note, "a column is %s%s",
             figures_span(summary->bucket_ms * (int64_t)merge, length),
             before_spark(page) == BEFORE_SPARK ? "; the number before it is the highest one's"
                                                : "");
    heading(page, "Decisions", note);
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
        if (summary->counts[i] || i == SUMMARY_ACCEPTED || i == SUMMARY_REFUSED)
            spark_row(page, i, merge);
    axis_row(page, merge);
}

static void latency(const struct text_page *page)
{
    const struct summary_latency *delays = &page->summary->latency;
    char median[FIGURES_SIZE], p95[FIGURES_SIZE], p99[FIGURES_SIZE], most[FIGURES_SIZE];
    char line[SUMMARY_DELAYS * 3 + 1], from[FIGURES_SIZE], to[FIGURES_SIZE];
    size_t first = 0, last = SUMMARY_DELAYS;
    if (!delays->count)
        return;
    while (first < last && !delays->spread[first])
        first++;
    while (last > first && !delays->spread[last - 1])
        last--;
    heading(page, "Time taken", "by a whole message, here");
    fprintf(page->out, "  half within %s, 95%% within %s, 99%% within %s, the longest %s\n",
            figures_delay(delays->median, median), figures_delay(delays->p95, p95),
            figures_delay(delays->p99, p99), figures_delay(delays->max, most));
    spark_line(delays->spread + first, last - first, page->look->utf8, line, sizeof line);
    fprintf(page->out, "  %s |%s| %s\n", figures_delay(first ? summary_delay(first - 1) : 0, from),
            line, figures_delay(summary_delay(last - 1), to));
}

static void title(const struct text_page *page)
{
    const struct summary *summary = page->summary;
    char since[WHEN_SIZE], until[WHEN_SIZE], span[FIGURES_SIZE], begin[WHEN_SIZE];
    char decisions[FIGURES_SIZE], logins[FIGURES_SIZE], messages[FIGURES_SIZE];
    when_local(summary->since, since);
    when_local_zone(summary->until, until);
    fprintf(page->out, "From %s to %s (%s)\n", since, until,
            figures_span(summary->until - summary->since, span));
    if (!summary->decisions)
        return;
    fprintf(page->out, "%s decision%s, %s on whole messages; %s login%s\n",
            figures_count(summary->decisions, decisions), summary->decisions == 1 ? "" : "s",
            figures_count(summary->messages, messages), figures_count(summary->logins, logins),
            summary->logins == 1 ? "" : "s");
    when_local(summary->begin, begin);
    if (summary->begin > summary->since + summary->bucket_ms)
        fprintf(page->out, "What is known begins on %s\n", begin);
}

static void none(const struct text_page *page)
{
    char first[WHEN_SIZE], last[WHEN_SIZE];
    fputs("No mail was decided on in this time.\n", page->out);
    if (!page->summary->newest)
        return;
    when_local(page->summary->oldest, first);
    when_local(page->summary->newest, last);
    fprintf(page->out, "There are records from %s to %s: say --since and --until.\n", first, last);
}

bool report_text(const struct summary *summary, const struct report_look *look, FILE *out,
                 struct error *error)
{
    const struct text_page page = {summary, look, out, error};
    title(&page);
    if (!summary->decisions) {
        none(&page);
        return true;
    }
    over_time(&page);
    if (!text_lists(&page))
        return false;
    latency(&page);
    return true;
}
