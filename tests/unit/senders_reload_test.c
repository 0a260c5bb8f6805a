/* Which tables a reload takes over. */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

#include "tables/senders.h"

static const struct site site = {0};

static struct senders *open_after(const struct senders *previous, const char *table, bool keep_case)
{
    struct senders_options options = {.tables = {&table, 1},
                                      .case_sensitive_local = keep_case,
                                      .site = &site,
                                      .previous = previous};
    struct senders *senders = NULL;
    struct error error;
    if (!senders_open(&options, &senders, &error))
        fail_msg("%s", error.text);
    return senders;
}

/* Who writes once more within a tick of the clock would not be seen. */
static void not_current_when_just_written(const char *name, const char *spec)
{
    bool current;
    time_t began;
    do {
        began = time(NULL);
        fixture_write_text(name, "a@example.com alice\n");
        struct senders *senders = open_after(NULL, spec, false);
        current = table_is_current(senders_table(senders, 0));
        senders_free(senders);
    } while (time(NULL) - began > 1); /* somebody held us up: it was not read at once */
    assert_false(current);
}

/* Waits until the file has not been written to for so long that this is certain. */
static struct senders *open_settled(const char *spec)
{
    for (;;) {
        struct senders *senders = open_after(NULL, spec, false);
        if (table_is_current(senders_table(senders, 0)))
            return senders;
        senders_free(senders);
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
    }
}

static void tables_are_taken_over(void **state)
{
    (void)state;
    const char *spec = fixture_spec("texthash", "kept");
    not_current_when_just_written("kept", spec);
    struct senders *first = open_settled(spec);
    const struct table *table = senders_table(first, 0);
    struct senders *other_letters = open_after(first, spec, true);
    assert_ptr_not_equal(senders_table(other_letters, 0), table);
    senders_free(other_letters);
    struct senders *other_file = open_after(first, "inline:{b=c}", false);
    assert_ptr_not_equal(senders_table(other_file, 0), table);
    senders_free(other_file);
    struct senders *second = open_after(first, spec, false);
    assert_ptr_equal(senders_table(second, 0), table);
    senders_free(first);
    fixture_expect(senders_table(second, 0), "a@example.com", "alice");

    fixture_write_text("kept", "a@example.com bobby\n"); /* as long as before */
    struct senders *third = open_after(second, spec, false);
    assert_ptr_not_equal(senders_table(third, 0), table);
    fixture_expect(senders_table(third, 0), "a@example.com", "bobby");
    fixture_expect(senders_table(second, 0), "a@example.com", "alice");
    senders_free(second);
    senders_free(third);
}

/* Who may not read a file any more is told so at once, and not when it has changed. */
static void tables_that_cannot_be_read_are_not_taken_over(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("# only root can try this\n");
        return;
    }
    const char *spec = fixture_spec("texthash", "closed");
    fixture_write_text("closed", "a@example.com alice\n");
    assert_int_equal(chmod(fixture_path("closed"), 0600), 0);
    struct senders *senders = open_settled(spec);
    assert_int_equal(seteuid(12345), 0);
    bool current = table_is_current(senders_table(senders, 0));
    assert_int_equal(seteuid(0), 0);
    assert_false(current);
    senders_free(senders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_taken_over),
        cmocka_unit_test(tables_that_cannot_be_read_are_not_taken_over),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
