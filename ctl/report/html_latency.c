/* The plot of the time taken, on a logarithmic axis. */
#include "ctl/report/figures.h"
#include "ctl/report/html_private.h"

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
                slot * ((double)i + 0.04), HTML_TOP + height - tall, slot * 0.92, tall,
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
                x, x, HTML_TOP + height, HTML_TOP + height + 5,
                round[i] == 100 || round[i] == 1000 || round[i] == 10000 || round[i] == 100000 ||
                        round[i] == 1000000
                    ? ""
                    : " class=\"minor\"",
                x, HTML_TOP + height + HTML_BOTTOM - 3, figures_delay(round[i], text));
    }
}

static void marker(const struct html_page *page, const char *name, double x, int height, int row)
{
    fprintf(page->out,
            "<line class=\"marker\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>"
            "<text class=\"marked\" x=\"%.3f%%\" y=\"%d\" dx=\"%d\"%s>%s</text>\n",
            x, x, HTML_TOP + 2 + 15 * row, HTML_TOP + height, x, HTML_TOP + 12 + 15 * row,
            x > 70 ? -4 : 4, x > 70 ? " text-anchor=\"end\"" : "", name);
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
    int64_t top = figures_round_up(most + most / 2); /* the markers' names stand above the bars */
    snprintf(note, sizeof note,
             "What a whole message took here: half within %s, 95%% within %s, 99%% within %s, the "
             "longest %s.",
             figures_delay(delays->median, text[0]), figures_delay(delays->p95, text[1]),
             figures_delay(delays->p99, text[2]), figures_delay(delays->max, text[3]));
    html_section(page, "Time taken", note);
    fputs("<figure class=\"plot\">", page->out);
    html_scale(page, top, height, HTML_TOP + height + HTML_BOTTOM);
    fprintf(page->out,
            "<svg width=\"100%%\" height=\"%d\" role=\"img\" aria-labelledby=\"delay-t "
            "delay-d\"><title id=\"delay-t\">How many messages took how long</title><desc "
            "id=\"delay-d\">%s The axis is logarithmic.</desc>\n",
            HTML_TOP + height + HTML_BOTTOM, note);
    html_grid(page, top, height);
    delay_bars(page, first, count, top, height);
    html_base(page, height);
    delay_labels(page, first, count, height);
    marker(page, "median", delay_at(delays->median, first, count), height, 0);
    marker(page, "95%", delay_at(delays->p95, first, count), height, 1);
    marker(page, "99%", delay_at(delays->p99, first, count), height, 2);
    fputs("</svg></figure>\n", page->out);
    html_section_end(page);
}
