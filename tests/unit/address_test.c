/* Runs tests/cases/address.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy/address.h"
#include "tests/unit/case_text.h"

#define CEILING ((size_t)4 << 20)

static const char *const readings[] = {"agreed", "ambiguous", "unparsable"};

/* "~" before an address: not plain; "^": has bytes above 127. */
static void show_list(const struct address_list *list, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s%s%s | ", readings[list->reading],
                                   list->reason ? " " : "", list->reason ? list->reason : "");
    for (size_t i = 0; list->reading == ADDRESS_AGREED && i < list->count; i++) {
        const struct mailbox *mailbox = &list->mailboxes[i];
        used += (size_t)snprintf(out + used, size - used, "%s%s%s%.*s", i ? ", " : "",
                                 mailbox->plain ? "" : "~", mailbox->utf8 ? "^" : "",
                                 (int)mailbox->address.len, mailbox->address.data);
    }
    if (list->reading != ADDRESS_AGREED || !list->count)
        used += (size_t)snprintf(out + used, size - used, "-");
    used += (size_t)snprintf(out + used, size - used, " | ");
    for (size_t i = 0; list->reading == ADDRESS_AGREED && i < list->count; i++) {
        const struct mailbox *mailbox = &list->mailboxes[i];
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", i ? "; " : "",
                                 mailbox->display.len ? (int)mailbox->display.len : 1,
                                 mailbox->display.len ? mailbox->display.data : "-");
    }
    if (list->reading != ADDRESS_AGREED || !list->count)
        snprintf(out + used, size - used, "-");
}

static bool is_within(struct bytes part, struct bytes whole)
{
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static bool judge(const char *section, struct bytes input, const char *expected, char *out,
                  size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct address_list list = {0};
    bool sound = true;
    if (!strcmp(section, "[list]")) {
        address_parse_list(arena, input, &list);
    } else if (!strcmp(section, "[path]")) {
        address_parse_path(arena, input, &list);
    } else {
        struct mailbox *mailbox = arena_alloc(arena, sizeof *mailbox);
        list.mailboxes = mailbox;
        list.count = 1;
        if (!address_parse_plain(arena, input, mailbox))
            list = (struct address_list){.reading = ADDRESS_UNPARSABLE};
    }
    for (size_t i = 0; i < list.count; i++)
        sound &= is_within(list.mailboxes[i].raw, input);
    show_list(&list, out, size);
    arena_free(arena);
    return sound && !strcmp(out, expected);
}

static void test_cases(void **state)
{
    (void)state;
    FILE *file = case_text_open("address.txt");
    char line[8192], copy[8192], section[16] = "", expected[4096], out[4096];
    unsigned number = 0, cases = 0, failures = 0;
    while (fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (line[0] == '[') {
            snprintf(section, sizeof section, "%.15s", line);
            continue;
        }
        strcpy(copy, line);
        char *rest = copy;
        const char *answer = case_text_field(&rest);
        const char *addresses = case_text_field(&rest);
        const char *display = case_text_field(&rest);
        case_text_field(&rest); /* where the case is from */
        snprintf(expected, sizeof expected, "%s | %s | %s", answer, addresses, display);
        struct bytes input = case_text_bytes(rest);
        cases++;
        if (!judge(section, input, expected, out, sizeof out)) {
            print_error("address.txt:%u: %s\n    expected %s\n    got      %s\n", number, rest,
                        expected, out);
            failures++;
        }
        free((void *)(uintptr_t)input.data);
    }
    fclose(file);
    assert_true(cases >= 200);
    assert_int_equal(failures, 0);
}

struct domain_case {
    const char *in;
    const char *out; /* NULL: no domain */
};

static void test_domains(void **state)
{
    (void)state;
    static const struct domain_case cases[] = {
        {"example.com", "example.com"},
        {"EXAMPLE.Com.", "example.com"},
        {"bücher.example", "xn--bcher-kva.example"},
        {"BÜCHER.example", "xn--bcher-kva.example"},
        {"bu\xCC\x88"
         "cher.example",
         "xn--bcher-kva.example"},
        {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        {"straße.example", "xn--strae-oqa.example"},
        {"under_score.example", "under_score.example"},
        {"localhost", "localhost"},
        {"a..example", NULL},
        {".example", NULL},
        {"example.com..", NULL},
        {"", NULL},
        {".", NULL},
        {"[192.0.2.1]", NULL},
        {"exa mple.com", NULL},
        {"example.com\n", NULL},
        {"-a.example", NULL},
        {"a-.example", NULL},
        {"xn--a.example", NULL},
        {"xn--example-.com", NULL},
        {"\xFF.example", NULL},
        {"℀.example", NULL},
        {"ex%41mple.com", NULL},
        {"a123456789012345678901234567890123456789012345678901234567890123.example", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(CEILING);
        struct bytes in = case_text_bytes(cases[i].in);
        struct bytes out;
        bool is_domain = address_normalise_domain(arena, in, &out);
        if (is_domain != (cases[i].out != NULL) ||
            (is_domain && !bytes_equal(out, bytes_of(cases[i].out))))
            fail_msg("%s: got %.*s", cases[i].in, (int)out.len, out.data ? out.data : "");
        free((void *)(uintptr_t)in.data);
        arena_free(arena);
    }
}

struct same_case {
    const char *a, *b;
    bool same;
};

static void test_same(void **state)
{
    (void)state;
    static const struct same_case cases[] = {
        {"alice@example.com", "ALICE@EXAMPLE.COM", true},
        {"\"alice\"@example.com", "alice@example.com", true},
        {"j\xC3\xBCrgen@b\xC3\xBC"
         "cher.example",
         "ju\xCC\x88rgen@xn--bcher-kva.example", true},
        {"alice@example.com", "alice@example.org", false},
        {"alice@example.com", "alice", false},
        {"J\xC3\x9CRGEN@example.com", "j\xC3\xBCrgen@example.com", false},
        {"alice+x@example.com", "alice@example.com", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(CEILING);
        struct mailbox a, b;
        assert_true(address_parse_plain(arena, bytes_of(cases[i].a), &a));
        assert_true(address_parse_plain(arena, bytes_of(cases[i].b), &b));
        if (address_same(&a, &b) != cases[i].same)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        arena_free(arena);
    }
}

/* Wherever memory ends, the answer is "memory" or the one with memory enough, and never a mailbox
 * that lacks something. */
static void test_memory(void **state)
{
    (void)state;
    struct bytes value = bytes_of("=?iso-8859-2?Q?J=FCrgen?= <j\xC3\xBCrgen@b\xC3\xBC"
                                  "cher.example>, bob@example.com (Bob)");
    bool enough = false;
    for (size_t ceiling = 0; ceiling < 64 * 1024 && !enough; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct address_list list;
        address_parse_list(arena, value, &list);
        enough = list.reading == ADDRESS_AGREED;
        if (enough) {
            assert_int_equal(list.count, 2);
        } else {
            assert_int_equal(list.reading, ADDRESS_UNPARSABLE);
            assert_string_equal(list.reason, "memory");
            assert_true(arena_failed(arena));
        }
        arena_free(arena);
    }
    assert_true(enough);
}

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_new(CEILING);
    char text[101 * 8 + 1];
    for (size_t i = 0; i < 101; i++)
        memcpy(text + i * 8, "a@b.com,", 8);
    struct address_list list;
    address_parse_list(arena, (struct bytes){text, 100 * 8 - 1}, &list);
    assert_int_equal(list.reading, ADDRESS_AGREED);
    assert_int_equal(list.count, 100);
    address_parse_list(arena, (struct bytes){text, 101 * 8 - 1}, &list);
    assert_int_equal(list.reading, ADDRESS_AMBIGUOUS);
    assert_string_equal(list.reason, "too-many");
    arena_free(arena);
}

static void test_long(void **state)
{
    (void)state;
    struct arena *arena = arena_new(CEILING);
    char text[513 + 6];
    memset(text, 'a', 513);
    memcpy(text + 513, "@b.com", 6);
    struct address_list list;
    address_parse_list(arena, (struct bytes){text + 1, sizeof text - 1}, &list);
    assert_int_equal(list.reading, ADDRESS_AGREED);
    address_parse_list(arena, (struct bytes){text, sizeof text}, &list);
    assert_int_equal(list.reading, ADDRESS_AMBIGUOUS);
    assert_string_equal(list.reason, "too-long");
    arena_free(arena);
}

/* What one sign joins to is looked for as far as the end: that must not be so for each of them. */
static void test_signs_in_a_comment(void **state)
{
    (void)state;
    static const char begin[] = "=?utf-8?q?", sign[] = "=22=40=28",
                      end[] = "?= <alice@example.com>";
    const size_t signs = 200000;
    size_t room = signs * (sizeof sign - 1) + sizeof begin + sizeof end;
    struct arena *arena = arena_new(64 * room);
    struct address_list list;
    char *text = malloc(room);
    assert_non_null(text);
    char *to = stpcpy(text, begin);
    for (size_t i = 0; i < signs; i++)
        to = stpcpy(to, sign);
    to = stpcpy(to, end);
    clock_t before = clock();
    address_parse_list(arena, (struct bytes){text, (size_t)(to - text)}, &list);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 10);
    assert_false(arena_failed(arena));
    free(text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_signs_in_a_comment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
