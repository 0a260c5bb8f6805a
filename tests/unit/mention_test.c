/* Addresses in text for people: what is found, and that nothing behind the text's end is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/mention.h"

struct mention_case {
    const char *text;
    const char *found; /* local@domain, each followed by a semicolon */
};

static const struct mention_case mention_cases[] = {
    {"", ""},
    {"Alice", ""},
    {"ceo@example.com", "ceo@example.com;"},
    {"The CEO <ceo@example.com>", "ceo@example.com;"},
    {"(ceo@example.com)", "ceo@example.com;"},
    {"'ceo@example.com' via list", "ceo@example.com;"},
    {"a@example.com, b@example.com", "a@example.com;b@example.com;"},
    {"a@b@c", "a@b;b@c;"},
    {"@", ""},
    {"@@@", ""},
    {"@example.com", "@example.com;"},
    {"alice@", ""},
    {"alice @ example.com", ""},
    {"ceo\xef\xbc\xa0"
     "example\xef\xbc\x8e"
     "com",
     "ceo@example.com;"},
    {"ceo@exam\xe2\x80\x8bple.com", "ceo@example.com;"},
    {"ceo@exam\xc2\xadple.com", "ceo@example.com;"},
    {"\xe2\x80\x9c"
     "ceo@example.com\xe2\x80\x9d",
     "ceo@example.com;"},
    {"x\xc2\xa0"
     "ceo@example.com\xc2\xa0"
     "y",
     "ceo@example.com;"},
    {"j\xc3\xbcrgen@b\xc3\xbc"
     "cher.example",
     "j\xc3\xbcrgen@b\xc3\xbc"
     "cher.example;"},
    {"ceo@example.com\xe2\x80\xa8@evil.example", "ceo@example.com;@evil.example;"},
    {"ceo\xff@example.com", "ceo\xff@example.com;"},
    {"ceo@example.com\xe2\x80", "ceo@example.com\xe2\x80;"},
};

static char *find_all(struct arena *arena, struct bytes text)
{
    static char found[1000];
    struct bytes seen;
    struct mention mention;
    size_t at = 0;
    char *end = found;
    assert_true(mention_as_seen(arena, text, &seen));
    *end = '\0';
    while (mention_next(seen, &at, &mention))
        end += sprintf(end, "%.*s@%.*s;", (int)mention.local.len, mention.local.data,
                       (int)mention.domain.len, mention.domain.data);
    return found;
}

/* Exactly as long as the text, so that a sanitizer sees who reads on. */
static char *find_in_copy(struct arena *arena, struct bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    char *found = find_all(arena, (struct bytes){copy, text.len});
    free(copy);
    return found;
}

static void finds_addresses_as_people_see_them(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof mention_cases / sizeof *mention_cases; i++)
        assert_string_equal(find_in_copy(arena, bytes_of(mention_cases[i].text)),
                            mention_cases[i].found);
    arena_free(arena);
}

static void ends_a_word_at_a_nul(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    assert_string_equal(find_in_copy(arena, BYTES("ceo@example.com\0.evil.example")),
                        "ceo@example.com;");
    arena_free(arena);
}

static void fails_when_memory_is_out(void **state)
{
    struct arena *arena = arena_new(16);
    struct bytes seen;
    (void)state;
    assert_false(mention_as_seen(arena, BYTES("a text that does not fit"), &seen));
    assert_true(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_addresses_as_people_see_them),
        cmocka_unit_test(ends_a_word_at_a_nul),
        cmocka_unit_test(fails_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
