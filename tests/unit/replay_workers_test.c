/* However many threads judge: the same numbers, the same samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/replay/show.h"
#include "ctl/replay/workers.h"
#include "gate/record.h"
#include "tests/unit/case_judge.h"

#define RECORDS 3000
#define SAMPLES 4

static const struct {
    const char *login, *address;
} people[] = {{"alice@example.com", "alice@example.com"},
              {"bob@example.com", "bob@example.com"},
              {"orgadmin@example.com", "info@example.org"},
              {"carol", "carol@example.com"}};
#define PEOPLE (sizeof people / sizeof *people)

static char *texts[RECORDS];
static struct snapshot *candidate;

/* Every third claims to be somebody else; every hundredth is no record. */
static void make_text(size_t i, struct snapshot *snapshot)
{
    char login[40], from[60], message[200], now[30];
    struct policy_case one = {.login = login, .now = now};
    struct json json;
    snprintf(login, sizeof login, "%s", people[i % PEOPLE].login);
    snprintf(from, sizeof from, "<%s>", people[i % PEOPLE].address);
    snprintf(now, sizeof now, "%zu", 1790000000 + i);
    snprintf(
        message, sizeof message,
        "From: %s\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\nMessage-ID: <%zu@example.com>\r\n"
        "\r\n",
        i % 3 ? from : "ceo@example.com", i);
    one.mail_from = from;
    one.message = message;
    one.message_len = strlen(message);
    struct message *judged = case_judge(&one, snapshot);
    const struct record_context context = {.now = judged->began};
    json_init(&json);
    record_write_json(judged, &context, &json);
    message_free(judged);
    if (i % 100 == 99)
        json.data[0] = '!';
    texts[i] = json.data;
}

static int begin(void **state)
{
    (void)state;
    const struct policy_case plain = {0};
    char off[] = "from.mode = \"off\"";
    const struct policy_case open = {.sets = {.items = {off}, .count = 1}};
    if (!case_begin())
        return -1;
    struct snapshot *snapshot = case_snapshot(&plain);
    for (size_t i = 0; snapshot && i < RECORDS; i++)
        make_text(i, snapshot);
    candidate = case_snapshot(&open);
    return candidate ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDS; i++)
        free(texts[i]);
    case_end();
    return 0;
}

static void judge_all(unsigned threads, int64_t since, struct differences *differences)
{
    const struct workers_options options = {
        .threads = threads, .sample_max = SAMPLES, .since = since};
    struct workers *workers;
    struct error error = {""};
    assert_true(differences_init(differences, SAMPLES, &error));
    assert_true(workers_start(candidate, &options, &workers, &error));
    for (size_t i = 0; i < RECORDS; i++)
        assert_true(workers_give(workers, "records", i + 1, bytes_of(texts[i])));
    assert_true(workers_end(workers, differences, &error));
}

static char *shown(struct differences *differences,
                   bool (*show)(const struct show_replay *, FILE *, struct error *))
{
    const struct show_replay replay = {.differences = differences, .config = "x", .hash = "y"};
    struct error error;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_true(show(&replay, out, &error));
    fclose(out);
    return text;
}

static void test_the_numbers(void **state)
{
    (void)state;
    struct differences differences;
    const struct difference_sample *samples;
    judge_all(2, 0, &differences);
    assert_int_equal(differences.judged, RECORDS - RECORDS / 100);
    assert_int_equal(differences.unreadable, RECORDS / 100);
    assert_non_null(strstr(differences.unreadable_why, "records:100: it is no JSON"));
    /* Of the records that are none, every third would have differed. */
    assert_int_equal(differences.kinds[DIFFERENCE_ACCEPTED], RECORDS / 3 - RECORDS / 300);
    assert_int_equal(differences_samples(&differences, DIFFERENCE_ACCEPTED, &samples), SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_int_equal(samples[i].number, RECORDS - 3 * (SAMPLES - i));
        assert_string_equal(samples[i].then, "reject from.not-owned");
        assert_string_equal(samples[i].now, "accept");
    }
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences.rules, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0]->numbers[DIFFERENCES_DECISIONS],
                     differences.kinds[DIFFERENCE_ACCEPTED]);
    assert_int_equal(rows[0]->numbers[DIFFERENCES_LOGINS], PEOPLE);
    counts_sorted(differences.logins, &count);
    assert_int_equal(count, PEOPLE);
    differences_done(&differences);
}

static void test_as_many_threads_as_you_like(void **state)
{
    (void)state;
    char *first[2] = {NULL, NULL};
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct differences differences;
        judge_all(threads, 0, &differences);
        char *text[] = {shown(&differences, show_replay_json),
                        shown(&differences, show_replay_text)};
        for (size_t i = 0; i < 2; i++) {
            if (first[i])
                assert_string_equal(text[i], first[i]);
            free(first[i]);
            first[i] = text[i];
        }
        differences_done(&differences);
    }
    free(first[0]);
    free(first[1]);
}

static void test_a_stretch_of_time(void **state)
{
    (void)state;
    struct differences differences;
    judge_all(3, (1790000000 + RECORDS - 50) * INT64_C(1000), &differences);
    assert_int_equal(differences.judged, 49); /* the last one is no record */
    assert_int_equal(differences.first, (1790000000 + RECORDS - 50) * INT64_C(1000));
    differences_done(&differences);
}

static void test_stopped_in_the_middle(void **state)
{
    (void)state;
    for (unsigned given = 0; given < 2000; given += 333) {
        const struct workers_options options = {.threads = 3, .sample_max = 0};
        struct workers *workers;
        struct error error;
        assert_true(workers_start(candidate, &options, &workers, &error));
        for (size_t i = 0; i < given; i++)
            assert_true(workers_give(workers, "records", i + 1, bytes_of(texts[i])));
        workers_stop(workers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_numbers),
        cmocka_unit_test(test_as_many_threads_as_you_like),
        cmocka_unit_test(test_a_stretch_of_time),
        cmocka_unit_test(test_stopped_in_the_middle),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
