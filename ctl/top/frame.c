/* One frame: rates, who, why, the latest refusals. */
#include "ctl/top/frame.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistr.h>
#include <uniwidth.h>

#include "ctl/plain.h"
#include "ctl/report/figures.h"
#include "ctl/report/spark.h"

#define FIXED_LINES 14 /* all but the lists */
#define LEAST_ROWS 3
#define MOST_ROWS 20
#define BEFORE_SPARK 36
#define TIME_WIDTH 8
#define ID_WIDTH 26

struct writer {
    const struct frame *frame;
    const char *line_end;
    FILE *out;
};

static void end_line(const struct writer *writer)
{
    fputs(writer->line_end, writer->out);
}

static void colour(const struct writer *writer, const char *code)
{
    if (writer->frame->look->colour)
        fputs(code, writer->out);
}

/* Safe text in exactly so many columns. */
static void cell(const struct writer *writer, const char *text, unsigned width)
{
    char *safe = NULL;
    size_t len = 0, at = 0;
    unsigned used = 0;
    FILE *memory = open_memstream(&safe, &len);
    if (!memory)
        return;
    plain_write_value(memory, bytes_of(text));
    if (fclose(memory) != 0) {
        free(safe);
        return;
    }
    bool fits = (unsigned)u8_width((const uint8_t *)safe, len, "UTF-8") <= width;
    while (at < len) {
        ucs4_t character;
        int taken = u8_mbtoucr(&character, (const uint8_t *)safe + at, len - at);
        int wide = taken > 0 ? uc_width(character, "UTF-8") : 1;
        taken = taken > 0 ? taken : 1;
        wide = wide < 0 ? 1 : wide;
        if (used + (unsigned)wide + (fits ? 0 : 1) > width)
            break;
        fwrite(safe + at, 1, (size_t)taken, writer->out);
        used += (unsigned)wide;
        at += (size_t)taken;
    }
    if (at < len && used < width) {
        fputs(writer->frame->look->utf8 ? "\xe2\x80\xa6" : "~", writer->out);
        used++;
    }
    for (; used < width; used++)
        fputc(' ', writer->out);
    free(safe);
}

static void line(const struct writer *writer, const char *text)
{
    cell(writer, text, writer->frame->look->width);
    end_line(writer);
}

static void heading(const struct writer *writer, const char *text, unsigned width)
{
    colour(writer, "\x1b[1m");
    cell(writer, text, width);
    colour(writer, "\x1b[0m");
}

static void clock_text(int64_t at, char text[16])
{
    time_t seconds = (time_t)(at / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(text, 16, "%H:%M:%S", &local);
}

static void title(const struct writer *writer)
{
    char now[16], text[200];
    clock_text(writer->frame->now, now);
    snprintf(text, sizeof text, "submilter at %s%s%s", now, writer->frame->hint ? "  " : "",
             writer->frame->hint ? writer->frame->hint : "");
    heading(writer, text, writer->frame->look->width);
    end_line(writer);
    line(writer, writer->frame->message ? writer->frame->message : "");
}

static void rate(const struct writer *writer, const char *name, int64_t minute, int64_t hour,
                 const int64_t *by_minute, const char *code)
{
    const struct report_look *look = writer->frame->look;
    char text[200], spark[WINDOW_MINUTES * 3 + 1], a[FIGURES_SIZE], b[FIGURES_SIZE];
    size_t room = look->width > BEFORE_SPARK ? look->width - BEFORE_SPARK : 0;
    size_t shown = room < WINDOW_MINUTES ? room : WINDOW_MINUTES;
    spark_line(by_minute + WINDOW_MINUTES - shown, shown, look->utf8, spark, sizeof spark);
    snprintf(text, sizeof text, "  %-11s %9s %9s  ", name, figures_count(minute, a),
             figures_count(hour, b));
    cell(writer, text, look->width < BEFORE_SPARK ? look->width : BEFORE_SPARK);
    colour(writer, code);
    fputs(spark, writer->out);
    colour(writer, "\x1b[0m");
    end_line(writer);
}

static void rates(const struct writer *writer)
{
    static const char *const codes[] = {"", "\x1b[34m", "\x1b[35m", "\x1b[33m", "\x1b[31m"};
    struct window_figures figures;
    char text[200], median[FIGURES_SIZE], p95[FIGURES_SIZE], p99[FIGURES_SIZE], most[FIGURES_SIZE];
    int64_t all[WINDOW_MINUTES] = {0};
    window_figures(writer->frame->window, writer->frame->now, &figures);
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
        for (size_t k = 0; k < WINDOW_MINUTES; k++)
            all[k] += figures.by_minute[i][k];
    heading(writer, "  decisions      minute      hour  minute by minute",
            writer->frame->look->width);
    end_line(writer);
    rate(writer, "all", figures.all_minute, figures.all_hour, all, "");
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
        rate(writer, summary_outcome_word((enum summary_outcome)i), figures.minute[i],
             figures.hour[i], figures.by_minute[i], codes[i]);
    snprintf(text, sizeof text,
             "  time taken: half within %s, 95%% within %s, 99%% within %s, the longest %s",
             figures_delay(figures.median, median), figures_delay(figures.p95, p95),
             figures_delay(figures.p99, p99), figures_delay(figures.most, most));
    line(writer, figures.all_hour ? text : "");
}

/* A name and its number in half of the screen. */
static void count_cell(const struct writer *writer, const struct window_count *count,
                       unsigned width)
{
    char number[100], all[FIGURES_SIZE], stopped[FIGURES_SIZE];
    snprintf(number, sizeof number, "%8s", figures_count(count->count, all));
    if (count->stopped && count->stopped != count->count)
        snprintf(number, sizeof number, "%8s, %s stopped", all,
                 figures_count(count->stopped, stopped));
    unsigned numbers = width > 40 ? 26 : width / 2;
    unsigned gap = width < 2 ? width : 2;
    unsigned name = width - numbers > gap ? width - numbers - gap : 0;
    cell(writer, "", gap);
    cell(writer, count->name, name);
    cell(writer, number, width - gap - name);
}

static void names(const struct writer *writer, size_t rows)
{
    struct window_count logins[MOST_ROWS], reasons[MOST_ROWS];
    unsigned width = writer->frame->look->width, half = width / 2;
    size_t login_count = window_logins(writer->frame->window, logins, rows);
    size_t reason_count = window_reasons(writer->frame->window, reasons, rows);
    end_line(writer);
    heading(writer, "  busiest logins of the hour", half);
    heading(writer, "  why mail was stopped", width - half);
    end_line(writer);
    for (size_t i = 0; i < rows; i++) {
        if (!writer->frame->height && i >= login_count && i >= reason_count)
            break;
        if (i < login_count)
            count_cell(writer, &logins[i], half);
        else
            cell(writer, "", half);
        if (i < reason_count)
            count_cell(writer, &reasons[i], width - half);
        end_line(writer);
    }
}

/* The texts of a refusal share what the time and the id leave; on a narrow screen they leave less.
 */
static void refusal_line(const struct writer *writer, const struct window_refusal *refusal)
{
    unsigned width = writer->frame->look->width;
    const unsigned fixed = TIME_WIDTH + ID_WIDTH + 6; /* and the gaps */
    unsigned rest = width > fixed + 12 ? width - fixed : 0;
    char when[16];
    clock_text(refusal->time, when);
    if (!rest) {
        cell(writer, refusal->id, width);
        return;
    }
    fputs("  ", writer->out);
    cell(writer, when, TIME_WIDTH);
    fputc(' ', writer->out);
    cell(writer, *refusal->login ? refusal->login : "(not logged in)", rest * 3 / 10);
    fputc(' ', writer->out);
    cell(writer, refusal->reason, rest * 4 / 10);
    fputc(' ', writer->out);
    cell(writer, refusal->from, rest - rest * 3 / 10 - rest * 4 / 10);
    fputc(' ', writer->out);
    cell(writer, refusal->id, ID_WIDTH);
}

static void refusals(const struct writer *writer, size_t rows)
{
    const struct window_refusal *refusal;
    end_line(writer);
    heading(writer, "  latest refusals", writer->frame->look->width);
    end_line(writer);
    for (size_t i = 0; i < rows && (refusal = window_refusal(writer->frame->window, i)); i++) {
        refusal_line(writer, refusal);
        end_line(writer);
    }
}

void frame_write(const struct frame *frame, const char *line_end, FILE *out)
{
    const struct writer writer = {frame, line_end, out};
    size_t spare = frame->height > FIXED_LINES ? frame->height - FIXED_LINES : 0;
    size_t list = frame->height ? spare / 2 : MOST_ROWS;
    list = list < LEAST_ROWS ? LEAST_ROWS : list > MOST_ROWS ? MOST_ROWS : list;
    title(&writer);
    rates(&writer);
    if (!frame->height || spare > LEAST_ROWS)
        names(&writer, list);
    if (!frame->height || spare > list + LEAST_ROWS)
        refusals(&writer, frame->height ? spare - list : MOST_ROWS);
}
