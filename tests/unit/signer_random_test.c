/* A thousand random messages: odd folds, 8-bit text, bodies that end anyhow. Every signature holds
 * for libopendkim itself and for dkimpy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/lend.h"
#include "tests/unit/dkim_help.h"

static struct help_keys keys;
static struct arena *arena_now;

static uint64_t seed = 88172645463325252ULL;

static unsigned next(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % below;
}

static const char *one_of(const char *const *words, unsigned count)
{
    return words[next(count)];
}

static size_t random_value(char *at)
{
    static const char *const words[] = {" ",
                                        "  ",
                                        "\t",
                                        "\n ",
                                        "\n\t",
                                        "\n  \t",
                                        "a",
                                        "word",
                                        "=;:",
                                        "\"q \\\"",
                                        "\xc3\xa4",
                                        "\xff",
                                        "<x@y.example>",
                                        ",",
                                        "\n \n ",
                                        "DKIM",
                                        "(c)",
                                        "%s%n",
                                        "longer-word-here"};
    char *from = at;
    for (unsigned count = next(14); count; count--)
        at = stpcpy(at, one_of(words, sizeof words / sizeof *words));
    while (at > from && (at[-1] == '\n'))
        at--;
    *at = '\0';
    return (size_t)(at - from);
}

static const char *random_fields(void)
{
    static const char *const names[] = {
        "Subject",  "To",          "Cc",           "X-Odd",       "Message-ID", "date",
        "CC",       "List-Id",     "X_y.z!",       "Received",    "Sender",     "TO",
        "Comments", "Resent-From", "Content-Type", "content-type"};
    static char text[16384];
    char *at = text;
    unsigned fields = next(12), from = next(fields + 1);
    for (unsigned i = 0; i <= fields; i++) {
        at = stpcpy(at, i == from ? "From" : one_of(names, sizeof names / sizeof *names));
        *at++ = ':';
        if (i == from) /* libopendkim verifies nothing without an address in it */
            at = stpcpy(at, next(2) ? " a@example.com" : "\n \t<a@example.com>\n ");
        else
            at += random_value(at);
        *at++ = '\n';
    }
    at[-1] = '\0';
    return text;
}

static struct bytes random_body(void)
{
    static const char *const pieces[] = {"\r\n",     "\r\n",      " ",        "\t",
                                         "a",        "some text", "\xe4\xf6", " \r\n",
                                         "\r\n\r\n", "  x  ",     "=20",      "."};
    static char text[8192];
    char *at = text;
    for (unsigned count = next(4) ? next(60) : next(3); count; count--)
        at = stpcpy(at, one_of(pieces, sizeof pieces / sizeof *pieces));
    return (struct bytes){text, (size_t)(at - text)};
}

static void write_file(const char *folder, const char *name, struct bytes text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void write_records(const char *folder)
{
    size_t count;
    const struct key *list = keystore_keys(keys.store, &count);
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s._domainkey.%s.txt", list[i].selector, list[i].domain);
        write_file(folder, name, bytes_of(list[i].record));
    }
}

static bool have_dkimpy(void)
{
    return system("/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null") == 0;
}

static void random_messages_hold_for_two_verifiers(void **state)
{
    (void)state;
    assert_int_equal(lend_works(), EXPECT_LENT);
    char folder[] = "/tmp/submilter-mail-XXXXXX", name[32], command[512];
    struct signing_profile *profiles[4];
    assert_non_null(mkdtemp(folder));
    write_records(folder);
    for (int way = 0; way < 4; way++)
        profiles[way] = help_profile(way & 1, way & 2);
    for (int i = 0; i < 1000; i++) {
        struct bytes body = random_body();
        const char *fields = random_fields();
        struct bytes message = help_signed(profiles[i % 4], keys.store, fields, body,
                                           next(3) ? next(20) : 0, arena_now);
        snprintf(name, sizeof name, "%04d.eml", i);
        write_file(folder, name, message);
        size_t good = help_good_signatures(keys.store, message);
        if (good != 2)
            print_message("# %s/%s: %zu\n", folder, name, good);
        assert_int_equal(good, 2);
        arena_clear(arena_now);
    }
    for (int way = 0; way < 4; way++)
        signing_profile_free(profiles[way]);
    if (have_dkimpy()) {
        const char *srcdir = getenv("srcdir");
        snprintf(command, sizeof command, "/usr/bin/python3 %s/tests/unit/dkimpy_check.py %s 2",
                 srcdir ? srcdir : ".", folder);
        assert_int_equal(system(command), 0);
    } else {
        print_message("# python3-dkim or python3-nacl is not there: libopendkim only\n");
    }
    help_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_messages_hold_for_two_verifiers),
    };
    help_keys_new(&keys, true, true);
    arena_now = arena_new((size_t)64 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena_now);
    help_keys_free(&keys);
    return failed;
}
