/* Good lines with a few bytes changed, cut or put in: nothing of it may crash, hang or leak, every
 * refusal says where, and what is taken is judged, and reads the same when it is read again. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/expectation_judge.h"
#include "tests/unit/chance.h"
#include "tests/unit/dkim_help.h"

#define ROUNDS 20000
#define ROOM 200

static const char *const lines[] = {
    "alice@example.com from bob@example.com over TLS: refused from.not-owned",
    "alice from <alice+lists@example.com>, b@example.com over TLSv1.2 cipher X bits 128: accepted",
    "\"a \\\"b\\\\\" sender a@example.com mail-from <> to 3 recipients on submission: fixed by "
    "date",
    "nobody from \"\\\"A, B\\\" <a@example.com>\" client 2001:db8::7 port 25 helo [x]: would be "
    "refused",
    "nobody from r\xc3\xb6t@example.com locally field \"Reply-To: x\" without Date: signed # why",
    "a without TLS to \"<x>\", y@example.net using PLAIN sendmail mx.example.com: deferred, not "
    "signed, signed by b\xc3\xbc"
    "cher.example/s1, policy x, listener \"y z\"",
};

static const char *const pieces[] = {"\"",
                                     "\\",
                                     ":",
                                     ": ",
                                     ",",
                                     "#",
                                     " ",
                                     "\t",
                                     "\r",
                                     "\n",
                                     "<",
                                     ">",
                                     "@",
                                     ".",
                                     "/",
                                     "\xff",
                                     "\xc3",
                                     "\xe2\x80\xae",
                                     "0",
                                     "99999999",
                                     " from ",
                                     " to ",
                                     " on ",
                                     " field ",
                                     " certificate ",
                                     " by ",
                                     " without ",
                                     "<>",
                                     "would be",
                                     "not ",
                                     "signed",
                                     "from",
                                     "x.",
                                     "nobody",
                                     "::",
                                     "example.com"};

static const struct mutation mutation = {pieces, sizeof pieces / sizeof *pieces, 12};

static char folder[] = "/tmp/submilter-mutation.XXXXXX";
static struct snapshot *snapshot;

static int begin(void **state)
{
    (void)state;
    char path[100];
    struct error error;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/submilter.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "domains = [ \"example.com\" ]; user = \"%s\"; dkim: { keys = \"%s\"; };\n"
            "policies: { submission: { dkim: { mode = \"off\"; }; }; };\n",
            getpwuid(geteuid())->pw_name, folder);
    assert_int_equal(fclose(file), 0);
    if (!snapshot_load(path, NULL, &snapshot, &error))
        fail_msg("%s", error.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    snapshot_unref(snapshot);
    help_remove(folder);
    return 0;
}

static bool lies_in(struct bytes part, struct bytes whole)
{
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

/* Read once more, from what was kept of it. */
static void check_again(const struct expectation *first, struct arena *arena)
{
    struct expectation again;
    struct error error = {""};
    bool any = false;
    if (!expectation_parse("FILE", 7, first->text, arena, &any, &again, &error) || !any)
        fail_msg("%.*s: %s", (int)first->text.len, first->text.data, error.text);
    assert_true(bytes_equal(first->text, again.text));
    assert_int_equal(first->expected_count, again.expected_count);
    assert_int_equal(first->field_count, again.field_count);
    for (size_t i = 0; i < first->expected_count; i++) {
        assert_true(lies_in(first->expected[i].written, first->text));
        assert_true(bytes_equal(first->expected[i].written, again.expected[i].written));
        assert_int_equal(first->expected[i].kind, again.expected[i].kind);
    }
}

/* Whether it was taken. */
static bool try_line(struct bytes line)
{
    struct arena *arena = arena_new((size_t)4 << 20);
    struct expectation expectation;
    struct error error = {""};
    bool any = false;
    assert_non_null(arena);
    bool good = expectation_parse("FILE", 7, line, arena, &any, &expectation, &error);
    if (!good && strncmp(error.text, "FILE:7: ", 8) != 0)
        fail_msg("%.*s: %s", (int)line.len, line.data, error.text);
    if (good && any) {
        struct finding finding;
        check_again(&expectation, arena);
        expectation_judge(&expectation, snapshot, 1790000000000LL, arena, &finding);
        assert_true(finding.result == EXPECTATION_HOLDS || finding.happens);
    }
    arena_free(arena);
    return good && any;
}

static void mutated_lines(void **state)
{
    (void)state;
    size_t taken = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        const char *line = lines[chance(sizeof lines / sizeof *lines)];
        char text[400 + ROOM];
        size_t len = (size_t)snprintf(text, sizeof text - ROOM, "%s", line);
        len = mutate(&mutation, text, len);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, text, len);
        taken += try_line((struct bytes){copy, len});
        free(copy);
    }
    assert_true(taken > ROUNDS / 20 && taken < ROUNDS);
}

static void lines_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!try_line(bytes_of(lines[i])))
            fail_msg("%s", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_as_they_are),
        cmocka_unit_test(mutated_lines),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
