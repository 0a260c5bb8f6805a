/* Who contained a login, and why, as one line that fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/login/cause.h"

static char by[LIMITS_CAUSE_MAX + 1]; /* what it says of whoever runs this */

static int ask_who_we_are(void **state)
{
    struct error error;
    (void)state;
    unsetenv("SUDO_USER");
    return cause_write(NULL, by, &error) && strncmp(by, "by ", 3) == 0 ? 0 : -1;
}

static void test_with_a_reason(void **state)
{
    char cause[LIMITS_CAUSE_MAX + 1], wanted[sizeof by + 32];
    struct error error;
    (void)state;
    snprintf(wanted, sizeof wanted, "%s: phished, ticket 4711", by);
    assert_true(cause_write("phished, ticket 4711", cause, &error));
    assert_string_equal(cause, wanted);
    snprintf(wanted, sizeof wanted, "%s: gest\xc3\xb6rt", by);
    assert_true(cause_write("gest\xc3\xb6rt", cause, &error));
    assert_string_equal(cause, wanted);
}

static void test_what_is_no_line(void **state)
{
    static const char *const texts[] = {
        "a\nb",         "a\rb", "a\tb", "\x1b[2J", "a\x7f", "\xff", "\xc3", /* cut short */
        "a\xe2\x80\xae" /* turns the direction of writing */}; /* turns the direction of writing */
    char cause[LIMITS_CAUSE_MAX + 1];
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(cause_write(texts[i], cause, &error));
        assert_non_null(strstr(error.text, "--because: one line"));
    }
}

static void test_what_would_be_cut(void **state)
{
    char cause[LIMITS_CAUSE_MAX + 1], text[LIMITS_CAUSE_MAX + 1];
    struct error error;
    (void)state;
    size_t room = LIMITS_CAUSE_MAX - strlen(by) - 2;
    memset(text, 'x', room + 1);
    text[room + 1] = '\0';
    assert_false(cause_write(text, cause, &error));
    assert_non_null(strstr(error.text, "bytes at most"));
    text[room] = '\0';
    assert_true(cause_write(text, cause, &error));
    assert_int_equal(strlen(cause), LIMITS_CAUSE_MAX);
}

/* Only who is root already may say for whom he does it. */
static void test_sudo(void **state)
{
    char cause[LIMITS_CAUSE_MAX + 1];
    struct error error;
    (void)state;
    setenv("SUDO_USER", "nobody", 1);
    assert_true(cause_write("x", cause, &error));
    if (getuid() == 0)
        assert_string_equal(cause, "by nobody: x");
    else
        assert_null(strstr(cause, "nobody"));
    setenv("SUDO_USER", "no such user: by root", 1);
    assert_true(cause_write("x", cause, &error));
    assert_null(strstr(cause, "no such user"));
    unsetenv("SUDO_USER");
}

/* Who has become somebody else before says nothing for others. */
static void test_sudo_without_root(void **state)
{
    char cause[LIMITS_CAUSE_MAX + 1];
    struct error error;
    int status;
    (void)state;
    setenv("SUDO_USER", "nobody", 1);
    pid_t child = fork();
    if (child == 0) {
        bool well = getuid() != 0 || setuid(1) == 0;
        well = well && cause_write("x", cause, &error) && !strstr(cause, "nobody");
        _exit(well ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unsetenv("SUDO_USER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_a_reason),     cmocka_unit_test(test_what_is_no_line),
        cmocka_unit_test(test_what_would_be_cut), cmocka_unit_test(test_sudo),
        cmocka_unit_test(test_sudo_without_root),
    };
    return cmocka_run_group_tests(tests, ask_who_we_are, NULL);
}
