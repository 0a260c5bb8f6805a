/* Look-alikes, mixed scripts, invisible characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/invisible.h"
#include "policy/lookalike.h"
#include "tests/unit/case_text.h"

struct same_case {
    const char *a, *b;
    bool same;
    bool needs_skeletons; /* only ICU sees it */
};

static const struct same_case same_cases[] = {
    {"alice", "alice", true, false},
    {"Alice Smith", "alice  SMITH", true, false},
    {"Alice\u00A0Smith", "Alice Smith", true, false},
    {" Alice ", "Alice", true, false},
    {"Al\u200Bice", "Alice", true, false},
    {"Al\u00ADice", "Alice", true, false},
    {"\u202EAlice", "Alice", true, false},
    {"\uFF21lice", "Alice", true, false},
    {"\uFF2A\uFF41\uFF4E\uFF45", "Jane", true, false},
    {"\U0001D5D4lice", "Alice", true, false}, /* mathematical letters */
    {"o\uFB03ce", "office", true, false},
    {"", "\u200B", true, false},
    {"alice", "", false, false},
    {"alice", "bob", false, false},
    {"alice", "alicia", false, false},
    {"alice@example.com", "alice@example.org", false, false},
    {"al\xFFice", "alice", false, false},
    {"al\xFFice", "al\xFFice", true, false},
    {"\u0430lice", "alice", true, true}, /* Cyrillic a */
    {"PayPa1", "PayPal", true, true},    /* digit one */
    {"PayPaI", "PayPal", true, true},    /* capital i */
    {"PayPaI", "PAYPAL", true, true},    /* ... against capitals */
    {"\u0420\u0430\u0443\u0420\u0430l", "PayPal", true, true},
    {"\u0410LICE", "alice", true, true}, /* Cyrillic capital A */
    {"rnicrosoft", "microsoft", true, true},
    {"M\u0456crosoft", "Microsoft", true, true},
    {"\u0391lice", "Alice", true, true}, /* Greek Alpha */
    {"ceo@ex\u0430mple.com", "ceo@example.com", true, true},
};

static void test_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same_cases / sizeof *same_cases; i++) {
        const struct same_case *test = &same_cases[i];
        struct arena *arena = arena_new(1 << 20);
        bool expected = test->same && (!test->needs_skeletons || lookalike_has_skeletons());
        if (lookalike_same(arena, bytes_of(test->a), bytes_of(test->b)) != expected ||
            lookalike_same(arena, bytes_of(test->b), bytes_of(test->a)) != expected)
            fail_msg("%s and %s", test->a, test->b);
        assert_false(arena_failed(arena));
        arena_free(arena);
    }
}

static void test_same_without_memory(void **state)
{
    (void)state;
    bool enough = false;
    for (size_t ceiling = 0; ceiling < 8 * 1024 && !enough; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        enough = lookalike_same(arena, BYTES("Alice Smith"), BYTES("alice smith"));
        assert_true(enough != arena_failed(arena));
        arena_free(arena);
    }
    assert_true(enough);
}

static void test_same_is_cut(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char text[4 * LOOKALIKE_MAX];
    memset(text, 'a', sizeof text);
    assert_true(lookalike_same(arena, (struct bytes){text, sizeof text},
                               (struct bytes){text, sizeof text - 1}));
    arena_free(arena);
}

struct script_case {
    const char *text;
    bool mixes;
};

static const struct script_case script_cases[] = {
    {"", false},
    {"Alice Smith", false},
    {"Jürgen Müller-Lüdenscheidt", false},
    {"Иван Иванов", false},
    {"Ivan Иванов", false},
    {"Ivan/Иван", false},
    {"山田太郎 Yamada", false},
    {"Tシャツ", false},
    {"カタカナ漢字ひらがな", false},
    {"한국어漢字", false},
    {"김철수 (Kim)", false},
    {"علی رضا", false},
    {"می‌خواهم", false},
    {"Alice2", false},
    {"Иван2", false},
    {"Łódź", false},
    {"Nguyễn Văn", false},
    {"Alice 👩‍💻", false},
    {"Νίκος", false},
    {"al\xFFice", false},
    {"p\u0430ypal", true},
    {"Аlice", true},
    {"Alice Иvan", true},
    {"αlice", true},
    {"Иван\u03B1", true},
    {"山田\u0430", true},
    {"Latin漢\u0430", true},
    {"me\u0585", true}, /* Armenian */
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof script_cases / sizeof *script_cases; i++) {
        struct bytes text = case_text_bytes(script_cases[i].text);
        if (lookalike_mixes_scripts(text) != script_cases[i].mixes)
            fail_msg("%s", script_cases[i].text);
        free((void *)(uintptr_t)text.data);
    }
}

struct invisible_case {
    const char *text; /* with case_text's escapes */
    unsigned kind;    /* of the first one; 0: none */
    uint32_t character;
    size_t at;
};

static const struct invisible_case invisible_cases[] = {
    {"", 0, 0, 0},
    {"Alice\\tSmith", 0, 0, 0},
    {"Jürgen 山田 علی", 0, 0, 0},
    {"a\\0b", INVISIBLE_CONTROL, 0, 1},
    {"a\\x1Bb", INVISIBLE_CONTROL, 0x1B, 1},
    {"a\\x7F", INVISIBLE_CONTROL, 0x7F, 1},
    {"ü\\xC2\\x9B", INVISIBLE_CONTROL, 0x9B, 2},
    {"a\\rb", INVISIBLE_LINE_BREAK, '\r', 1},
    {"a\\x0Bb", INVISIBLE_LINE_BREAK, 0x0B, 1},
    {"a\\xC2\\x85", INVISIBLE_LINE_BREAK, 0x85, 1},
    {"a\u2028", INVISIBLE_LINE_BREAK, 0x2028, 1},
    {"a\u2029", INVISIBLE_LINE_BREAK, 0x2029, 1},
    {"a\u202Eb", INVISIBLE_BIDI, 0x202E, 1},
    {"a\u202Ab", INVISIBLE_BIDI, 0x202A, 1},
    {"a\u2066b", INVISIBLE_BIDI, 0x2066, 1},
    {"a\u2069b", INVISIBLE_BIDI, 0x2069, 1},
    {"a\u200Bb", INVISIBLE_ZERO_WIDTH, 0x200B, 1},
    {"\uFEFFb", INVISIBLE_ZERO_WIDTH, 0xFEFF, 0},
    {"a\u00ADb", INVISIBLE_ZERO_WIDTH, 0xAD, 1},
    {"a\u2060b", INVISIBLE_ZERO_WIDTH, 0x2060, 1},
    {"\u3164", INVISIBLE_ZERO_WIDTH, 0x3164, 0},
    {"\u2800", INVISIBLE_ZERO_WIDTH, 0x2800, 0},
    {"a\u200Db", INVISIBLE_JOINER, 0x200D, 1},
    {"a\u200Fb", INVISIBLE_JOINER, 0x200F, 1},
    {"\u270C\uFE0F", INVISIBLE_JOINER, 0xFE0F, 3},
    {"\U0001F3F4\U000E0067", INVISIBLE_JOINER, 0xE0067, 4},
    {"\u845B\U000E0100", INVISIBLE_JOINER, 0xE0100, 3},
    {"a\\xFFb", INVISIBLE_BAD_UTF8, 0xFF, 1},
    {"a\\xE2\\x80", INVISIBLE_BAD_UTF8, 0xE2, 1},
};

static void test_invisible(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof invisible_cases / sizeof *invisible_cases; i++) {
        const struct invisible_case *test = &invisible_cases[i];
        struct bytes text = case_text_bytes(test->text);
        struct invisible found = {0};
        bool any = invisible_find(text, INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8, &found);
        if (any != (test->kind != 0) || (unsigned)found.kind != test->kind ||
            found.character != test->character || found.at != test->at)
            fail_msg("%s: kind %u, U+%04X at %zu", test->text, (unsigned)found.kind,
                     (unsigned)found.character, found.at);
        free((void *)(uintptr_t)text.data);
    }
    struct invisible found;
    assert_false(invisible_find(BYTES("a\u200Db"), INVISIBLE_IN_NAMES, &found));
    assert_true(invisible_find(BYTES("a\u200Db\u202E"), INVISIBLE_IN_NAMES, &found));
    assert_int_equal(found.at, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),        cmocka_unit_test(test_same_without_memory),
        cmocka_unit_test(test_same_is_cut), cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_invisible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
