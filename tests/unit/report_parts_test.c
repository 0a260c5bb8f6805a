/* What a report is drawn with: sparklines, figures, labels, escaped text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ctl/report/axis.h"
#include "ctl/report/figures.h"
#include "ctl/report/markup.h"
#include "ctl/report/spark.h"
#include "history/buckets.h"

#define HOUR INT64_C(3600000)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_spark_lines(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 1, 50, 100, 400, 800, 0};
    static const int64_t nothing[] = {0, 0}, one[] = {INT64_MAX};
    char text[100];
    spark_line(numbers, COUNT(numbers), true, text, sizeof text);
    assert_string_equal(text, " ▁▁▁▄█ ");
    spark_line(numbers, COUNT(numbers), false, text, sizeof text);
    assert_string_equal(text, " ___:# ");
    spark_line(nothing, COUNT(nothing), true, text, sizeof text);
    assert_string_equal(text, "  ");
    spark_line(one, COUNT(one), true, text, sizeof text);
    assert_string_equal(text, "█");
    spark_line(numbers, 0, true, text, sizeof text);
    assert_string_equal(text, "");
}

/* No block is cut in two where there is no room. */
static void test_spark_room(void **state)
{
    (void)state;
    static const int64_t numbers[] = {8, 8, 8, 8};
    char text[8];
    spark_line(numbers, COUNT(numbers), true, text, sizeof text);
    assert_string_equal(text, "██");
    spark_bar(10, 10, 10, true, text, sizeof text);
    assert_string_equal(text, "██");
}

static void test_spark_bars(void **state)
{
    (void)state;
    char text[100];
    spark_bar(10, 10, 4, true, text, sizeof text);
    assert_string_equal(text, "████");
    spark_bar(5, 10, 4, true, text, sizeof text);
    assert_string_equal(text, "██");
    spark_bar(1, 1000000, 4, true, text, sizeof text);
    assert_string_equal(text, "▏");
    spark_bar(0, 10, 4, true, text, sizeof text);
    assert_string_equal(text, "");
    spark_bar(0, 0, 4, true, text, sizeof text);
    assert_string_equal(text, "");
    spark_bar(5, 10, 4, false, text, sizeof text);
    assert_string_equal(text, "##");
}

static void test_figures(void **state)
{
    (void)state;
    char text[FIGURES_SIZE];
    assert_string_equal(figures_count(0, text), "0");
    assert_string_equal(figures_count(999, text), "999");
    assert_string_equal(figures_count(1000, text), "1,000");
    assert_string_equal(figures_count(1234567, text), "1,234,567");
    assert_string_equal(figures_count(-1234, text), "-1,234");
    assert_string_equal(figures_short(9999, text), "9,999");
    assert_string_equal(figures_short(12000, text), "12k");
    assert_string_equal(figures_short(1600000, text), "1.6M");
    assert_string_equal(figures_short(800000, text), "800k");
    assert_string_equal(figures_percent(0, 0, text), "");
    assert_string_equal(figures_percent(0, 10, text), "0.0%");
    assert_string_equal(figures_percent(1, 100000, text), "<0.1%");
    assert_string_equal(figures_percent(99999, 100000, text), "99.9%");
    assert_string_equal(figures_percent(10, 10, text), "100.0%");
    assert_string_equal(figures_delay(740, text), "740 us");
    assert_string_equal(figures_delay(1520, text), "1.5 ms");
    assert_string_equal(figures_delay(43400, text), "43 ms");
    assert_string_equal(figures_delay(2100000, text), "2.1 s");
    assert_string_equal(figures_span(7 * 24 * HOUR, text), "7 days");
    assert_string_equal(figures_span(24 * HOUR, text), "1 day");
    assert_string_equal(figures_span(36 * HOUR, text), "36 hours");
    assert_string_equal(figures_span(HOUR, text), "1 hour");
    assert_string_equal(figures_span(90000, text), "90 seconds");
    assert_string_equal(figures_span(0, text), "0 seconds");
}

/* The axis holds the greatest number, and its half is a whole one. */
static void test_round_up(void **state)
{
    (void)state;
    assert_int_equal(figures_round_up(0), 1);
    assert_int_equal(figures_round_up(1), 1);
    assert_int_equal(figures_round_up(135), 160);
    for (int64_t most = 2; most < 5000; most++) {
        int64_t top = figures_round_up(most);
        assert_true(top >= most && top < 2 * most + 2);
        assert_int_equal(top % 2, 0);
    }
}

static const char *marked_up(const char *text, size_t len)
{
    static char written[4096];
    FILE *out = fmemopen(written, sizeof written, "w");
    assert_non_null(out);
    markup_write(out, (struct bytes){text, len});
    assert_int_equal(fclose(out), 0);
    return written;
}
#define MARKED_UP(literal) marked_up(literal, sizeof(literal) - 1)

static void test_markup(void **state)
{
    (void)state;
    assert_string_equal(MARKED_UP("alice@example.com"), "alice@example.com");
    assert_string_equal(MARKED_UP("<script>alert('x')</script>"),
                        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    assert_string_equal(MARKED_UP("\" onload=\"x&amp;"), "&quot; onload=&quot;x&amp;amp;");
    assert_string_equal(MARKED_UP("münchen@example.com"), "münchen@example.com");
    assert_string_equal(MARKED_UP("\xe2\x80\xaemoc"), "\\xe2\\x80\\xaemoc"); /* U+202E */
    assert_string_equal(MARKED_UP("a\xe2\x80\x8b z"), "a\\xe2\\x80\\x8b z"); /* zero width */
    assert_string_equal(MARKED_UP("a\x1b[31m\r\n\t\0z"), "a\\x1b[31m\\x0d\\x0a\\x09\\x00z");
    assert_string_equal(MARKED_UP("\xff\xc3("), "\\xff\\xc3(");
    assert_string_equal(MARKED_UP("\xef\xbf\xbe"), "\\xef\\xbf\\xbe"); /* U+FFFE is no character */
}

static void test_markup_is_cut(void **state)
{
    (void)state;
    char text[10000];
    memset(text, '<', sizeof text);
    const char *written = marked_up(text, sizeof text);
    assert_int_equal(strlen(written), MARKUP_MOST * strlen("&lt;") + strlen("…"));
    assert_string_equal(written + MARKUP_MOST * strlen("&lt;"), "…");
    assert_int_equal(strlen(marked_up(text, MARKUP_MOST)), MARKUP_MOST * strlen("&lt;"));
}

static size_t labels_of(int64_t length, struct axis_label labels[AXIS_LABELS_MAX])
{
    static struct summary summary;
    int64_t begins[SUMMARY_BUCKETS_MAX];
    const int64_t since = INT64_C(1795255200000); /* 2026-11-21 11:00 in Berlin */
    summary = (struct summary){.since = since, .until = since + length};
    summary.bucket_count =
        buckets_cut(since, since + length, SUMMARY_BUCKETS_MAX, begins, &summary.bucket_ms);
    for (size_t i = 0; i < summary.bucket_count; i++)
        summary.buckets[i].begin = begins[i];
    return axis_labels(&summary, labels);
}

static void test_axis(void **state)
{
    (void)state;
    struct axis_label labels[AXIS_LABELS_MAX];
    assert_int_equal(labels_of(7 * 24 * HOUR, labels), 7);
    assert_string_equal(labels[0].text, "Sun 22");
    assert_string_equal(labels[6].text, "Sat 28");
    assert_true(labels_of(24 * HOUR, labels) >= 8);
    assert_string_equal(labels[0].text, "12:00");
    assert_string_equal(labels[4].text, "Sun 22");
    assert_true(labels_of(365 * 24 * HOUR, labels) >= 12);
    assert_string_equal(labels[0].text, "Dec");
    assert_string_equal(labels[1].text, "Jan 2027");
}

/* Some, and no more than a screen has room for. */
static void test_axis_of_every_length(void **state)
{
    (void)state;
    for (int64_t length = HOUR / 60; length < 40 * 365 * 24 * HOUR; length += length / 3 + 1) {
        struct axis_label labels[AXIS_LABELS_MAX];
        size_t mains = 0, count = labels_of(length, labels);
        assert_true(count >= 1 && count <= 14);
        for (size_t i = 0; i < count; i++) {
            assert_true(i == 0 || labels[i].bucket > labels[i - 1].bucket);
            mains += labels[i].main;
        }
        assert_true(mains >= 1 && mains <= 4);
    }
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spark_lines),
        cmocka_unit_test(test_spark_room),
        cmocka_unit_test(test_spark_bars),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_round_up),
        cmocka_unit_test(test_markup),
        cmocka_unit_test(test_markup_is_cut),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_axis_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
