/* The plots over time. Their x is in per cent, their y in pixels: they grow
 * with the page, and their texts stay as they are. */
#include <inttypes.h>
#include <string.h>

#include "ctl/report/axis.h"
#include "ctl/report/figures.h"
#include "ctl/report/html_private.h"

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
void html_scale(const struct html_page *page, int64_t top, int height, int whole)
{
    char number[FIGURES_SIZE];
    fprintf(page->out, "<svg width=\"46\" height=\"%d\" aria-hidden=\"true\">", whole);
    for (int half = 0; half <= 2; half++)
        if (half != 1 || top % 2 == 0)
            fprintf(page->out, "<text x=\"38\" y=\"%d\" text-anchor=\"end\">%s</text>",
                    HTML_TOP + height - height * half / 2 + 4,
                    figures_short(top * half / 2, number));
    fputs("</svg>\n", page->out);
}

static void line(const struct html_page *page, const char *class, int y)
{
    fprintf(page->out, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>", class, y,
            y);
}

void html_grid(const struct html_page *page, int64_t top, int height)
{
    for (int half = 1; half <= 2; half++)
        if (half != 1 || top % 2 == 0)
            line(page, "grid", HTML_TOP + height - height * half / 2);
}

void html_base(const struct html_page *page, int height)
{
    line(page, "base", HTML_TOP + height);
}

static void bars(const struct html_page *page, const struct panel *panel, int64_t top)
{
    const struct summary *summary = page->summary;
    double slot = 100.0 / (double)summary->bucket_count;
    for (size_t i = 0; i < summary->bucket_count; i++) {
        double base = HTML_TOP + panel->height;
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
                slot * (double)i, HTML_TOP, slot, panel->height,
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
                x, x, HTML_TOP, HTML_TOP + panel->height + (panel->labels ? 6 : 0));
        if (panel->labels && x < 95)
            fprintf(page->out, "<text%s x=\"%.3f%%\" y=\"%d\" dx=\"3\">%s</text>",
                    marks[i].main && x < 86 ? "" : " class=\"minor\"", x,
                    HTML_TOP + panel->height + HTML_BOTTOM - 5, marks[i].text);
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
    int whole = HTML_TOP + panel->height + (panel->labels ? HTML_BOTTOM : 4);
    fprintf(page->out, "<h3>%s</h3>\n<figure class=\"plot\">", panel->title);
    html_scale(page, top, panel->height, whole);
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
    html_grid(page, top, panel->height);
    bars(page, panel, top);
    html_base(page, panel->height);
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
