/* The plots over time and of the time taken. Their x is in per cent, their y in pixels: they grow
 * with the page, and their texts stay as they are. */
#include <inttypes.h>
#include <string.h>

#include "ctl/report/axis.h"
#include "ctl/report/figures.h"
#include "ctl/report/html_private.h"

#define TOP 10    /* above the highest line, for its number */
#define BOTTOM 22 /* below the base line, for its labels */

struct panel {
    const char *name, *title;
    const enum summary_outcome *outcomes;
    size_t outcome_count;
    int height; /* of the bars */
    bool labels;
};

static const enum summary_outcome let_go[] = {SUMMARY_ACCEPTED, SUMMARY_FIXED};
static const enum summary_outcome stopped[] = {SUMMARY_REFUSED, SUMMARY_DEFERRED,
                                               SUMMARY_QUARANTINED};
static const struct panel panels[] = {
    {"go", "Let go: accepted, or fixed first", let_go, 2, 150, false},
    {"stop", "Stopped: refused, deferred or quarantined", stopped, 3, 100, true}};

static int64_t in_bucket(const struct panel *panel, const struct summary_bucket *bucket)
{
    int64_t count = 0;
    for (size_t i = 0; i < panel->outcome_count; i++)
        count += bucket->counts[panel->outcomes[i]];
    return count;
}

/* The numbers beside the lines: 0, the half, the top. */
static void scale(const struct html_page *page, int64_t top, int height, int whole)
{
    char number[FIGURES_SIZE];
    fprintf(page->out, "<svg width=\"46\" height=\"%d\" aria-hidden=\"true\">", whole);
    for (int half = 0; half <= 2; half++)
        if (half != 1 || top % 2 == 0)
            fprintf(page->out, "<text x=\"38\" y=\"%d\" text-anchor=\"end\">%s</text>",
                    TOP + height - height * half / 2 + 4, figures_count(top * half / 2, number));
    fputs("</svg>\n", page->out);
}

static void line(const struct html_page *page, const char *class, int y)
{
    fprintf(page->out, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>", class, y,
            y);
}

static void grid(const struct html_page *page, int64_t top, int height)
{
    for (int half = 1; half <= 2; half++)
        if (half != 1 || top % 2 == 0)
            line(page, "grid", TOP + height - height * half / 2);
}

static void base(const struct html_page *page, int height)
{
    line(page, "base", TOP + height);
}

static void bars(const struct html_page *page, const struct panel *panel, int64_t top)
{
    const struct summary *summary = page->summary;
    double slot = 100.0 / (double)summary->bucket_count;
    for (size_t i = 0; i < summary->bucket_count; i++) {
        double base = TOP + panel->height;
        for (size_t k = 0; k < panel->outcome_count; k++) {
            int64_t count = summary->buckets[i].counts[panel->outcomes[k]];
            double tall = (double)count / (double)top * panel->height;
            if (!count)
                continue;
            tall = tall < 1 ? 1 : tall;
            base -= tall;
            fprintf(page->out,
                    "<rect class=\"%s\" x=\"%.3f%%\" y=\"%.2f\" width=\"%.3f%%\" height=\"%.2f\"/>",
                    summary_outcome_word(panel->outcomes[k]), slot * ((double)i + 0.08), base,
                    slot * 0.84, tall);
        }
    }
    fputc('\n', page->out);
}

/* What the pointer is told over each column. */
static void hits(const struct html_page *page, const struct panel *panel)
{
    const struct summary *summary = page->summary;
    double slot = 100.0 / (double)summary->bucket_count;
    for (size_t i = 0; i < summary->bucket_count; i++) {
        char when[64], number[FIGURES_SIZE];
        if (!in_bucket(panel, &summary->buckets[i]))
            continue;
        fprintf(page->out,
                "<rect class=\"hit\" x=\"%.3f%%\" y=\"%d\" width=\"%.3f%%\" "
                "height=\"%d\"><title>%s:",
                slot * (double)i, TOP, slot, panel->height,
                axis_bucket(summary, i, when, sizeof when));
        const char *comma = " ";
        for (size_t k = 0; k < panel->outcome_count; k++) {
            int64_t count = summary->buckets[i].counts[panel->outcomes[k]];
            if (!count)
                continue;
            fprintf(page->out, "%s%s %s", comma, figures_count(count, number),
                    summary_outcome_word(panel->outcomes[k]));
            comma = ", ";
        }
        fputs("</title></rect>", page->out);
    }
    fputc('\n', page->out);
}

static void labels(const struct html_page *page, const struct panel *panel)
{
    const struct summary *summary = page->summary;
    struct axis_label marks[AXIS_LABELS_MAX];
    size_t count = axis_labels(summary, marks);
    for (size_t i = 0; i < count; i++) {
        double x = 100.0 * (double)marks[i].bucket / (double)summary->bucket_count;
        fprintf(page->out, "<line class=\"grid\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>",
                x, x, TOP, TOP + panel->height + (panel->labels ? 6 : 0));
        if (panel->labels && x < 95)
            fprintf(page->out, "<text%s x=\"%.3f%%\" y=\"%d\" dx=\"3\">%s</text>",
                    marks[i].main && x < 86 ? "" : " class=\"minor\"", x,
                    TOP + panel->height + BOTTOM - 5, marks[i].text);
    }
    fputc('\n', page->out);
}

static void plot(const struct html_page *page, const struct panel *panel)
{
    const struct summary *summary = page->summary;
    int64_t most = 0, all = 0;
    size_t busiest = 0;
    char number[FIGURES_SIZE], total[FIGURES_SIZE], when[64], length[FIGURES_SIZE];
    for (size_t i = 0; i < summary->bucket_count; i++) {
        int64_t count = in_bucket(panel, &summary->buckets[i]);
        all += count;
        if (count > most) {
            most = count;
            busiest = i;
        }
    }
    int64_t top = figures_round_up(most);
    int whole = TOP + panel->height + (panel->labels ? BOTTOM : 4);
    fprintf(page->out, "<h3>%s</h3>\n<figure class=\"plot\">", panel->title);
    scale(page, top, panel->height, whole);
    fprintf(page->out,
            "<svg width=\"100%%\" height=\"%d\" role=\"img\" aria-labelledby=\"%s-t "
            "%s-d\"><title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s decisions in columns of %s",
            whole, panel->name, panel->name, panel->name, panel->title, panel->name,
            figures_count(all, total), figures_span(summary->bucket_ms, length));
    if (most)
        fprintf(page->out, "; the highest is %s, from %s", figures_count(most, number),
                axis_bucket(summary, busiest, when, sizeof when));
    fputs(". The table below has the numbers.</desc>\n", page->out);
    labels(page, panel);
    grid(page, top, panel->height);
    bars(page, panel, top);
    base(page, panel->height);
    hits(page, panel);
    fputs("</svg></figure>\n", page->out);
}

static void legend(const struct html_page *page)
{
    char number[FIGURES_SIZE];
    fputs("<ul class=\"legend\">", page->out);
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++) {
        const char *word = summary_outcome_word((enum summary_outcome)i);
        if (!page->summary->counts[i])
            continue;
        fputs("<li>", page->out);
        html_swatch(page, word);
        fprintf(page->out, "%s <b>%s</b></li>", word,
                figures_count(page->summary->counts[i], number));
    }
    fputs("</ul>\n", page->out);
}

static void numbers(const struct html_page *page)
{
    const struct summary *summary = page->summary;
    char number[FIGURES_SIZE], when[64];
    fputs("<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\"><table "
          "class=\"rows\"><thead><tr><th scope=\"col\">from</th>",
          page->out);
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
        if (summary->counts[i])
            fprintf(page->out, "<th scope=\"col\" class=\"n\">%s</th>",
                    summary_outcome_word((enum summary_outcome)i));
    fputs("</tr></thead><tbody>\n", page->out);
    for (size_t b = 0; b < summary->bucket_count; b++) {
        fprintf(page->out, "<tr><td>%s</td>", axis_bucket(summary, b, when, sizeof when));
        for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
            if (summary->counts[i])
                fprintf(page->out, "<td class=\"n\">%s</td>",
                        figures_count(summary->buckets[b].counts[i], number));
        fputs("</tr>\n", page->out);
    }
    fputs("</tbody></table></div></details>\n", page->out);
}

void html_over_time(const struct html_page *page)
{
    char note[100], length[FIGURES_SIZE];
    snprintf(note, sizeof note, "A column is %s; each plot has a scale of its own.",
             figures_span(page->summary->bucket_ms, length));
    html_section(page, "Decisions over time", note);
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        plot(page, &panels[i]);
    legend(page);
    numbers(page);
    html_section_end(page);
}

/* Where a delay stands in the spread's columns, in per cent. */
static double delay_at(int64_t usec, size_t first, size_t count)
{
    size_t piece = first;
    while (piece + 1 < first + count && usec > summary_delay(piece))
        piece++;
    double low = piece ? (double)summary_delay(piece - 1) : 0, high = (double)summary_delay(piece);
    double within = ((double)usec - low) / (high - low);
    within = within < 0 ? 0 : within > 1 ? 1 : within;
    return 100 * ((double)(piece - first) + within) / (double)count;
}

static void delay_bars(const struct html_page *page, size_t first, size_t count, int64_t top,
                       int height)
{
    const struct summary_latency *delays = &page->summary->latency;
    double slot = 100.0 / (double)count;
    for (size_t i = 0; i < count; i++) {
        int64_t here = delays->spread[first + i];
        char number[FIGURES_SIZE], from[FIGURES_SIZE], to[FIGURES_SIZE];
        double tall = (double)here / (double)top * height;
        if (!here)
            continue;
        tall = tall < 1 ? 1 : tall;
        fprintf(page->out,
                "<rect class=\"accepted\" x=\"%.3f%%\" y=\"%.2f\" width=\"%.3f%%\" "
                "height=\"%.2f\"><title>%s to %s: %s</title></rect>",
                slot * ((double)i + 0.04), TOP + height - tall, slot * 0.92, tall,
                figures_delay(first + i ? summary_delay(first + i - 1) : 0, from),
                figures_delay(summary_delay(first + i), to), figures_count(here, number));
    }
    fputc('\n', page->out);
}

static void delay_labels(const struct html_page *page, size_t first, size_t count, int height)
{
    static const int64_t round[] = {20,     50,     100,     200,     500,     1000,
                                    2000,   5000,   10000,   20000,   50000,   100000,
                                    200000, 500000, 1000000, 2000000, 5000000, 10000000};
    int64_t low = first ? summary_delay(first - 1) : 0, high = summary_delay(first + count - 1);
    for (size_t i = 0; i < sizeof round / sizeof *round; i++) {
        char text[FIGURES_SIZE];
        double x = delay_at(round[i], first, count);
        if (round[i] <= low || round[i] >= high || x > 96)
            continue;
        fprintf(page->out,
                "<line class=\"base\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>"
                "<text%s x=\"%.3f%%\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                x, x, TOP + height, TOP + height + 5,
                round[i] == 100 || round[i] == 1000 || round[i] == 10000 || round[i] == 100000 ||
                        round[i] == 1000000
                    ? ""
                    : " class=\"minor\"",
                x, TOP + height + BOTTOM - 3, figures_delay(round[i], text));
    }
}

static void marker(const struct html_page *page, const char *name, double x, int height, int row)
{
    fprintf(page->out,
            "<line class=\"marker\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>"
            "<text class=\"marked\" x=\"%.3f%%\" y=\"%d\" dx=\"%d\"%s>%s</text>\n",
            x, x, TOP + 2 + 15 * row, TOP + height, x, TOP + 12 + 15 * row, x > 70 ? -4 : 4,
            x > 70 ? " text-anchor=\"end\"" : "", name);
}

void html_latency(const struct html_page *page)
{
    const struct summary_latency *delays = &page->summary->latency;
    size_t first = 0, count = SUMMARY_DELAYS;
    const int height = 130;
    int64_t most = 0;
    char note[300], text[4][FIGURES_SIZE];
    if (!delays->count)
        return;
    while (!delays->spread[first])
        first++;
    while (!delays->spread[count - 1])
        count--;
    count -= first;
    for (size_t i = 0; i < SUMMARY_DELAYS; i++)
        most = delays->spread[i] > most ? delays->spread[i] : most;
    snprintf(note, sizeof note,
             "What a whole message took here: half within %s, 95%% within %s, 99%% within %s, the "
             "longest %s.",
             figures_delay(delays->median, text[0]), figures_delay(delays->p95, text[1]),
             figures_delay(delays->p99, text[2]), figures_delay(delays->max, text[3]));
    html_section(page, "Time taken", note);
    fputs("<figure class=\"plot\">", page->out);
    scale(page, figures_round_up(most), height, TOP + height + BOTTOM);
    fprintf(page->out,
            "<svg width=\"100%%\" height=\"%d\" role=\"img\" aria-labelledby=\"delay-t "
            "delay-d\"><title id=\"delay-t\">How many messages took how long</title><desc "
            "id=\"delay-d\">%s The axis is logarithmic.</desc>\n",
            TOP + height + BOTTOM, note);
    grid(page, figures_round_up(most), height);
    delay_bars(page, first, count, figures_round_up(most), height);
    base(page, height);
    delay_labels(page, first, count, height);
    marker(page, "median", delay_at(delays->median, first, count), height, 0);
    marker(page, "95%", delay_at(delays->p95, first, count), height, 1);
    marker(page, "99%", delay_at(delays->p99, first, count), height, 2);
    fputs("</svg></figure>\n", page->out);
    html_section_end(page);
}
