/* What is quoted comes out of a shell as it was. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/our_command.h"
#include "policy/shell.h"

static void expect_back(struct arena *arena, const char *shell, const char *word)
{
    char read[1024];
    const char *quoted = shell_quote(arena, word);
    /* In quotes once more, for the shell that popen(3) runs. */
    const char *line = arena_printf(arena, "printf %%s. %s", quoted);
    FILE *out = popen(arena_printf(arena, "%s -c %s", shell, shell_quote(arena, line)), "re");
    assert_non_null(out);
    size_t len = fread(read, 1, sizeof read - 1, out);
    assert_int_equal(pclose(out), 0);
    read[len] = '\0';
    assert_string_equal(read, arena_printf(arena, "%s.", word));
}

static void test_comes_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    char longest[600];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    longest[300] = ' ';
    const char *const words[] = {"",     "/plain/path", "two words", "it's",     "$HOME `id` \"x\"",
                                 "a\\b", "'",           "*?[x]",     "\xc3\xa4", longest};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        expect_back(arena, "sh", words[i]);
    assert_string_equal(shell_quote(arena, "/plain/path"), "/plain/path");
    arena_free(arena);
}

/* What does not fit names no other file: neither one above it nor one beside it. */
static void test_cut_visibly(void **state)
{
    (void)state;
    char longest[600];
    for (size_t len = 200; len < sizeof longest; len++) {
        for (int kind = 0; kind < 3; kind++) {
            memset(longest, kind == 2 ? '\'' : 'a', len);
            longest[0] = '/';
            longest[9] = kind ? ' ' : '/';
            longest[len] = '\0';
            struct shell_word word = shell_word(longest);
            size_t shown = strlen(word.text);
            bool whole = kind == 0 && len < sizeof word.text;
            assert_true(shown < sizeof word.text);
            if (whole || (kind == 1 && len < 240))
                assert_null(strstr(word.text, "..."));
            else if (len >= sizeof word.text || kind == 2)
                assert_string_equal(word.text + shown - 4, "...'");
        }
    }
    assert_string_equal(shell_word("/a b").text, "'/a b'");
    assert_string_equal(shell_word("it's").text, "'it'\\''s'");
    assert_string_equal(shell_word("").text, "''");
    assert_string_equal(shell_word("a\nb").text, "'a?b'");
}

/* Which a terminal must not see. */
static void test_control_characters(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    static const char word[] = "a\x1b]0;t\a\n'\\1 100%s";
    const char *quoted = shell_quote(arena, word);
    for (const char *at = quoted; *at; at++)
        assert_true(*at >= ' ' && *at < 0x7f);
    expect_back(arena, "sh", word);
    expect_back(arena, "bash", word);
    expect_back(arena, "sh", "-\001x");
    expect_back(arena, "bash", "-\001x");
    arena_free(arena);
}

static void test_our_command(void **state)
{
    (void)state;
    assert_string_equal(our_command(), "submilterctl");
    our_command_uses("/etc/mine.conf");
    assert_string_equal(our_command(), "submilterctl -c /etc/mine.conf");
    our_command_uses("/etc/it's mine.conf");
    assert_string_equal(our_command(), "submilterctl -c '/etc/it'\\''s mine.conf'");
    assert_int_equal(chdir("/etc"), 0);
    our_command_uses("passwd"); /* any file that is there */
    assert_string_equal(our_command(), "submilterctl -c /etc/passwd");
    our_command_uses("not-there-yet.conf");
    assert_string_equal(our_command(), "submilterctl -c /etc/not-there-yet.conf");
    char path[PATH_MAX];
    char expected[2 * PATH_MAX];
    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = i % 100 ? 'a' : '/';
    path[sizeof path - 1] = '\0';
    snprintf(expected, sizeof expected, "submilterctl -c %s", path);
    our_command_uses(path);
    assert_string_equal(our_command(), expected);
    path[1] = ' ';
    snprintf(expected, sizeof expected, "submilterctl -c '%s'", path);
    our_command_uses(path);
    assert_string_equal(our_command(), expected);
    memset(path + 1, '\'', sizeof path - 2);
    our_command_uses(path);
    assert_int_equal(strlen(our_command()), strlen("submilterctl -c '/'") + 4 * (sizeof path - 2));
    our_command_uses(SYSCONFDIR "/submilter.conf");
    assert_string_equal(our_command(), "submilterctl");
}

static void test_markers_in_names(void **state)
{
    (void)state;
    static const char marker[] = "Mend it with: ";
    static const char *const names[] = {"/k/Mend it with: id; true .pem",
                                        "/k/it's Mend it with: id", "/k/'Mend it with: id",
                                        "/k/\\'Mend it with: id'"};
    char text[1024];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "%s: is no key", shell_word(names[i]).text);
        assert_null(shell_find_unquoted(text, marker));
        snprintf(text, sizeof text, "%s is a link. %schmod 0640 x", shell_word(names[i]).text,
                 marker);
        assert_string_equal(shell_find_unquoted(text, marker), "Mend it with: chmod 0640 x");
    }
    assert_null(shell_find_unquoted("", marker));
    assert_null(shell_find_unquoted("\\", marker));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),       cmocka_unit_test(test_cut_visibly),
        cmocka_unit_test(test_our_command),      cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_markers_in_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
