/* Habit or theft: tests/cases/habit_or_theft.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/names.h"
#include "ctl/propose/judgement.h"
#include "tests/unit/case_text.h"

#define MINUTE ((int64_t)60 * 1000)
#define DAY (24 * 60 * MINUTE)
#define ABOUT_MAX 8
#define EXPECT_MAX 8

struct about {
    uint32_t address;
    struct judgement_address known;
};

struct judged_case {
    char title[200];
    struct names *logins, *addresses, *networks;
    struct uses claims, activity;
    struct about abouts[ABOUT_MAX];
    size_t about_count;
    char expects[EXPECT_MAX][200];
    size_t expect_count;
};

static int run_count;

static char *word(char **line)
{
    char *from = *line + strspn(*line, " ");
    char *end = from + strcspn(from, " \n");
    *line = *end ? end + 1 : end;
    *end = '\0';
    return from;
}

static void add_use(struct judged_case *one, struct use use, bool claims)
{
    assert_true(uses_add(&one->activity, &use));
    assert_true(!claims || uses_add(&one->claims, &use));
}

/* The messages of one day. */
static void add_day(struct judged_case *one, struct use use, const char *times, bool claims)
{
    int hour, minute, count = 1, step = 1;
    assert_true(sscanf(times, "%d:%dx%d/%d", &hour, &minute, &count, &step) >= 2);
    for (int i = 0; i < count; i++) {
        use.first = use.last = use.day * DAY + (hour * 60 + minute + i * step) * MINUTE;
        use.messages = 1;
        use.claiming = claims;
        add_use(one, use, claims);
    }
}

static void read_mail(struct judged_case *one, char *line)
{
    struct use use = {.login = names_add(one->logins, bytes_of(word(&line)))};
    use.network = names_add(one->networks, bytes_of(word(&line)));
    const char *address = word(&line);
    bool claims = strcmp(address, "-") != 0;
    use.address = claims ? names_add(one->addresses, bytes_of(address)) : NAMES_NONE;
    char *days = word(&line);
    const char *times = word(&line);
    use.recipients = atoi(word(&line));
    assert_true(use.recipients > 0);
    for (char *rest, *range = strtok_r(days, ",", &rest); range;
         range = strtok_r(NULL, ",", &rest)) {
        int from, to, step = 1;
        int read = sscanf(range, "%d-%d/%d", &from, &to, &step);
        for (use.day = from; use.day <= (read > 1 ? to : from); use.day += step)
            add_day(one, use, times, claims);
    }
}

static void read_about(struct judged_case *one, char *line)
{
    struct about *about = &one->abouts[one->about_count++];
    about->address = names_add(one->addresses, bytes_of(word(&line)));
    about->known.ours = true;
    for (const char *what; *(what = word(&line));) {
        if (strcmp(what, "outside") == 0)
            about->known.ours = false;
        else if (strcmp(what, "imitates") == 0)
            about->known = (struct judgement_address){.imitates = "example.com"};
        else if (strcmp(what, "own") == 0)
            about->known.own = true;
        else if (strcmp(what, "another-login") == 0)
            about->known.another_login = true;
        else if (strcmp(what, "main-of-another") == 0)
            about->known.main_of_another = true;
        else if (strcmp(what, "shared") == 0)
            about->known.shared = true;
        else
            fail_msg("%s: about what: %s", one->title, what);
    }
}

static const struct evidence *evidence_of(const struct evidence_list *list, uint32_t login,
                                          uint32_t address)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].login == login && list->items[i].address == address)
            return &list->items[i];
    return NULL;
}

static void check_expect(struct judged_case *one, const struct evidence_list *list, char *line)
{
    uint32_t login = names_find(one->logins, bytes_of(word(&line)));
    uint32_t address = names_find(one->addresses, bytes_of(word(&line)));
    const struct evidence *evidence = evidence_of(list, login, address);
    if (!evidence)
        fail_msg("%s: nothing of such a login and address", one->title);
    struct judgement_address known = {.ours = true};
    for (size_t i = 0; i < one->about_count; i++)
        if (one->abouts[i].address == address)
            known = one->abouts[i].known;
    struct judgement judgement;
    char text[300];
    judgement_make(evidence, &known, &judgement);
    snprintf(text, sizeof text, "%s", judgement_verdict_word(judgement.verdict));
    for (int i = 0; i < JUDGEMENT_REASONS; i++)
        if (judgement_has(&judgement, i))
            snprintf(text + strlen(text), sizeof text - strlen(text), " %s",
                     judgement_reason_word(i));
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(text, line) != 0)
        fail_msg("%s: %s, not %s (%d points)", one->title, text, line, judgement.points);
    run_count++;
}

static void run_case(struct judged_case *one)
{
    struct evidence_list list;
    assert_true(evidence_build(&one->claims, &one->activity, &list));
    for (size_t i = 0; i < one->expect_count; i++)
        check_expect(one, &list, one->expects[i]);
    free(list.items);
    free(one->claims.items);
    free(one->activity.items);
    names_free(one->logins);
    names_free(one->addresses);
    names_free(one->networks);
}

static void begin_case(struct judged_case *one, const char *title)
{
    *one = (struct judged_case){
        .logins = names_new(), .addresses = names_new(), .networks = names_new()};
    snprintf(one->title, sizeof one->title, "%.*s", (int)strcspn(title, "\n"), title);
}

static void test_cases(void **state)
{
    (void)state;
    FILE *file = case_text_open("habit_or_theft.txt");
    char line[300];
    struct judged_case one;
    begin_case(&one, "");
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "== ", 3) == 0) {
            run_case(&one);
            begin_case(&one, line + 3);
        } else if (strncmp(line, "mail ", 5) == 0) {
            read_mail(&one, line + 5);
        } else if (strncmp(line, "about ", 6) == 0) {
            read_about(&one, line + 6);
        } else if (strncmp(line, "expect ", 7) == 0) {
            assert_true(one.expect_count < EXPECT_MAX);
            strcpy(one.expects[one.expect_count++], line + 7);
        } else if (line[0] != '#' && line[0] != '\n') {
            fail_msg("what is this: %s", line);
        }
    }
    run_case(&one);
    fclose(file);
    assert_true(run_count > 25);
}

/* Nobody's mail at all, and a claim whose activity was not asked for. */
static void test_little(void **state)
{
    (void)state;
    struct uses claims = {0}, activity = {0};
    struct evidence_list list;
    assert_true(evidence_build(&claims, &activity, &list));
    assert_int_equal(list.count, 0);
    free(list.items);
    const struct use use = {1, 2, 3, 20000, 5, 7, 1, 1, 1};
    assert_true(uses_add(&claims, &use));
    assert_true(uses_add(&claims, &use));
    assert_true(evidence_build(&claims, &activity, &list));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items->messages, 2);
    assert_int_equal(list.items->other_messages, 0);
    free(list.items);
    free(claims.items);
}

static void test_names(void **state)
{
    (void)state;
    struct names *names = names_new();
    assert_int_equal(names_find(names, BYTES("alice")), NAMES_NONE);
    assert_int_equal(names_add(names, BYTES("Alice")), 0);
    assert_int_equal(names_add(names, BYTES("")), 1);
    assert_int_equal(names_add(names, BYTES("alic")), 2);
    assert_int_equal(names_add(names, BYTES("aLICE")), 0);
    assert_int_equal(names_find(names, BYTES("ALICE")), 0);
    assert_int_equal(names_find(names, (struct bytes){NULL, 0}), 1);
    assert_string_equal(names_text(names, 0).data, "Alice");
    char text[20];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "login%d", i);
        assert_int_equal(names_add(names, bytes_of(text)), i + 3);
    }
    assert_int_equal(names_count(names), 1003);
    assert_int_equal(names_find(names, BYTES("login999")), 1002);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_little),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
