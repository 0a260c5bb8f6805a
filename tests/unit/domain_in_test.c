/* Every reading of an address's domain that some program has, and what none has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/domain_in.h"

struct domain_case {
    const char *text;
    const char *domain;
    bool below, found;
};

static const struct domain_case cases[] = {
    {"ceo@example.com", "example.com", false, true},
    {"CEO <CEO@Example.COM>", "example.com", false, true},
    {"ceo@example.com.", "example.com", false, true},
    {"ceo@example.com&more", "example.com", false, true},
    {"ceo@example.com\xc3\xa4", "example.com", false, true},
    {"ceo@example.com-- x", "example.com", false, true},
    {"ceo@example.com-evil", "example.com", false, false},
    {"", "example.com", true, false},
    {"@", "example.com", true, false},
    {"example.com", "example.com", true, false},
    {"ceo@example.co", "example.com", true, false},
    {"ceo@example.com.evil.example", "example.com", true, false},
    {"ceo@example.community", "example.com", true, false},
    {"ceo@notexample.com", "example.com", true, false},
    {"ceo@example-com", "example.com", true, false},
    {"ceo@evil.example, example.com", "example.com", true, false},
    /* what readers pass over */
    {"ceo @ example . com", "example.com", false, true},
    {"ceo@exa mple.com", "example.com", false, true},
    {"ceo@exa\r\n mple.com", "example.com", false, true},
    {"ceo@\"example\".com", "example.com", false, true},
    {"ceo@exa\\mple.com", "example.com", false, true},
    {"ceo@exa<mple.com>", "example.com", false, true},
    {"ceo@[example.com]", "example.com", false, true},
    {"ceo@exam\xc2\xadple.com", "example.com", false, true},
    {"ceo\xef\xbc\xa0\xef\xbd\x85xample\xe3\x80\x82"
     "com",
     "example.com", false, true},
    {"ceo@example.com\xff", "example.com", false, true},
    {"\xff ceo@\xef\xbd\x85xample.com", "example.com", false, true},
    /* comments, wherever a reader ends them */
    {"ceo@(c)example.com", "example.com", false, true},
    {"ceo@example(.).com", "example.com", false, true},
    {"ceo@example((a)b).com", "example.com", false, true},
    {"ceo@example(\\)).com", "example.com", false, true},
    {"ceo@example(\").com (\")", "example.com", false, true},
    {"\"x (\" <ceo@ example.com>", "example.com", false, true},
    {"(a(b\r\n ) <ceo@e xample.com>", "example.com", false, true},
    {"ceo@(a@b)example.com", "example.com", false, true},
    {"ceo@example.com(.evil.example)", "example.com", false, true},
    {"ceo@(evil.example", "example.com", false, false},
    /* domains below */
    {"ceo@sub.example.com", "example.com", true, true},
    {"ceo@sub.example.com", "example.com", false, false},
    {"ceo@sub .example.com", "example.com", true, true},
    {"ceo@sub(c).example.com", "example.com", true, true},
    {"ceo@a.b. example.com", "example.com", true, true},
    {"ceo@ sub.example.com", "example.com", true, true},
    {"bob@gmail.example via lists.example.com", "example.com", true, false},
    {"bob@gmail.example (www.example.com)", "example.com", true, false},
    /* IDN */
    {"x@xn--bcher-kva.example", "xn--bcher-kva.example", false, true},
    {"x@b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example", false, true},
    {"x@B\xc3\x9c(c)CHER.example", "xn--bcher-kva.example", false, true},
    {"x@bu\xcc\x88"
     "cher.example",
     "xn--bcher-kva.example", false, true},
};

static bool is_in(struct arena *arena, const struct domain_case *one)
{
    size_t len = strlen(one->text);
    char *copy = malloc(len ? len : 1);
    struct bytes folded, shown;
    memcpy(copy, one->text, len);
    assert_true(domain_in_fold(arena, (struct bytes){copy, len}, &folded));
    assert_true(domain_in_fold_shown(arena, one->domain, &shown));
    bool found = domain_in(folded, bytes_of(one->domain), one->below) ||
                 domain_in(folded, shown, one->below);
    free(copy);
    return found;
}

static void finds_every_reading(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (is_in(arena, &cases[i]) != cases[i].found)
            fail_msg("%s in %s: found should be %d", cases[i].domain, cases[i].text,
                     cases[i].found);
    arena_free(arena);
}

static void finds_long_domains(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    char text[300] = "ceo@";
    (void)state;
    for (size_t len = 1; len < 260; len++) {
        text[3 + len] = len % 50 ? 'a' : '.';
        struct bytes domain = {text + 4, len};
        assert_int_equal(domain_in((struct bytes){text, len + 4}, domain, false), len <= 255);
    }
    arena_free(arena);
}

static void says_when_memory_is_out(void **state)
{
    struct arena *arena = arena_new(64);
    struct bytes folded;
    (void)state;
    assert_false(domain_in_fold(arena,
                                BYTES("a text that does not fit into such a small arena, "
                                      "by far not"),
                                &folded));
    assert_true(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_reading),
        cmocka_unit_test(finds_long_domains),
        cmocka_unit_test(says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
