/* Letters beyond ASCII: each spelling of a key finds the row that another spelling wrote. */
#include "tests/unit/tables_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "policy/address_spec.h"
#include "tables/key.h"

static const char rows[] =
    "karl@example.com karl\njürgen@example.com j\nÖzgür@b o\nweiß@b w\n"
    "αλέξης@b a\nİsmet@b i\nΐ@b g\ne\xcc\x81ve@b e\nȺȾ@b long\nr\xcc\xa3\xcc\x87@b marks\n";

struct spelling {
    const char *key, *value;
};

static const struct spelling spellings[] = {
    {"KARL@Example.Com", "karl"},
    {"JÜRGEN@example.com", "j"},
    {"Ju\xcc\x88rgen@example.com", "j"},
    {"jurgen@example.com", NULL},
    {"Özgür@b", "o"},
    {"özgür@b", "o"},
    {"ÖZGÜR@B", "o"},
    {"O\xcc\x88zgu\xcc\x88r@b", "o"},
    {"ozgur@b", NULL},
    {"weiß@b", "w"},
    {"weiss@b", "w"},
    {"WEISS@b", "w"},
    {"WEIẞ@b", "w"},
    {"αλέξης@b", "a"},
    {"αλέξησ@b", "a"},
    {"ΑΛΈΞΗΣ@b", "a"},
    {"αλεξης@b", NULL},
    {"İsmet@b", "i"},
    {"i\xcc\x87smet@b", "i"},
    {"ismet@b", NULL},
    {"ısmet@b", NULL},
    {"ΐ@b", "g"},
    {"ι\xcc\x88\xcc\x81@b", "g"},
    {"éve@b", "e"},
    {"ÉVE@b", "e"},
    {"e\xcc\x81ve@b", "e"},
    {"ⱥⱦ@b", "long"},
    {"ȺȾ@b", "long"},
    {"ṛ\xcc\x87@b", "marks"},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void expect_all(const struct table *table, const struct spelling *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fixture_expect(table, expected[i].key, expected[i].value);
}

static void text(void **state)
{
    (void)state;
    fixture_write_text("fold", rows);
    struct table *table = fixture_open(fixture_spec("texthash", "fold"));
    expect_all(table, spellings, COUNT(spellings));
    table_free(table);
    char spec[512] = "inline:{ ";
    size_t len = strlen(spec);
    for (const char *at = rows; *at; at = strchr(at, '\n') + 1) {
        size_t key = strcspn(at, " ");
        len += (size_t)snprintf(spec + len, sizeof spec - len, "%.*s=%.*s ", (int)key, at,
                                (int)strcspn(at + key + 1, "\n"), at + key + 1);
    }
    snprintf(spec + len, sizeof spec - len, "}");
    table = fixture_open(spec);
    expect_all(table, spellings, COUNT(spellings));
    table_free(table);
}

/* A sharp s and a final sigma are letters of their own in names of domains. */
static void domains(void **state)
{
    (void)state;
    fixture_write_text("domains",
                       "@strasse.example ss\nx@STRASSE.example xss\nü@BÜCHER.example u\n");
    const char *kinds[] = {"texthash", "lmdb", "cdb"};
    static const struct spelling expected[] = {
        {"@strasse.example", "ss"},   {"@straße.example", NULL}, {"x@straße.example", NULL},
        {"X@strasse.example", "xss"}, {"Ü@bücher.example", "u"}, {"ß@straße.example", NULL},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        assert_true(i == 0 || fixture_postmap(kinds[i], "domains"));
        struct table *table = fixture_open(fixture_spec(kinds[i], "domains"));
        expect_all(table, expected, COUNT(expected));
        table_free(table);
    }
    fixture_write_text("domains",
                       "x@straße.example sharp\n@straße.example any\n@strasse.example ss\n");
    struct table *table = fixture_open(fixture_spec("texthash", "domains"));
    fixture_expect(table, "x@straße.example", "sharp");
    fixture_expect(table, "x@strasse.example", NULL);
    fixture_expect(table, "@straße.example", "any");
    fixture_expect(table, "@strasse.example", "ss");
    table_free(table);
}

/* postmap folds by Unicode, and with smtputf8_enable = no by ASCII. */
static void databases(void **state)
{
    (void)state;
    const char *kinds[] = {"lmdb", "cdb"};
    /* As a small letter that was a capital is not known by the capital. */
    static const struct spelling by_ascii[] = {
        {"Özgür@b", "o"},
        {"ÖzgÜR@b", NULL},
        {"weiß@b", "w"},
        {"WEIẞ@b", "w"},
        {"αλέξης@b", "a"},
        {"ΑΛΈΞΗΣ@b", "a"},
        {"İSMET@b", "i"},
        {"ΐ@b", "g"},
        {"éve@b", "e"},
        {"ÉVE@b", "e"},
        {"KARL@example.com", "karl"},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        fixture_write_text("fold", rows);
        assert_true(fixture_postmap(kinds[i], "fold"));
        struct table *table = fixture_open(fixture_spec(kinds[i], "fold"));
        expect_all(table, spellings, COUNT(spellings));
        table_free(table);
        fixture_write_text("main.cf", "compatibility_level = 3.6\nsmtputf8_enable = no\n");
        assert_true(fixture_postmap(kinds[i], "fold"));
        fixture_write_text("main.cf", "compatibility_level = 3.6\n");
        table = fixture_open(fixture_spec(kinds[i], "fold"));
        expect_all(table, by_ascii, COUNT(by_ascii));
        table_free(table);
    }
}

/* What postmap finds in its own databases is found in them. */
static void what_postmap_finds(void **state)
{
    (void)state;
    fixture_write_text("found", rows);
    assert_true(fixture_postmap("lmdb", "found"));
    struct table *table = fixture_open(fixture_spec("lmdb", "found"));
    size_t found = 0;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        char *value = fixture_query(fixture_spec("lmdb", "found"), spellings[i].key);
        if (value)
            fixture_expect(table, spellings[i].key, value);
        found += value != NULL;
        free(value);
    }
    assert_true(found >= 18);
    table_free(table);
}

static bool same_key(struct arena *arena, struct bytes expected, uint8_t *text, size_t len)
{
    bool same = text && bytes_equal(expected, key_fold(arena, (struct bytes){(char *)text, len},
                                                       TABLE_FOLD_CASE));
    free(text);
    return same;
}

static bool is_spelt(const struct key_spellings *spelt, uint8_t *text, size_t len)
{
    bool found = false;
    for (size_t i = 0; i < spelt->count; i++)
        found = found || bytes_equal(spelt->texts[i], (struct bytes){(char *)text, len});
    free(text);
    return found;
}

static void every_character(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (ucs4_t character = 0x80; character < 0x110000; character++) {
        uint8_t text[8] = "x";
        int len = u8_uctomb(text + 1, character, sizeof text - 1);
        if (len < 0)
            continue;
        struct bytes key = {(char *)text, (size_t)len + 1};
        struct key_spellings spelt;
        size_t n;
        arena_clear(arena);
        struct bytes folded = key_fold(arena, key, TABLE_FOLD_CASE);
        if (address_utf8_imitates(key)) {
            assert_ptr_equal(folded.data, key.data);
            continue;
        }
        key_spell(arena, key, TABLE_FOLD_CASE, &spelt);
        bool ok = bytes_equal(folded, key_fold(arena, folded, TABLE_FOLD_CASE));
        uint8_t *other = u8_toupper(text, key.len, NULL, NULL, NULL, &n);
        bool same = same_key(arena, folded, other, n);
        ok = ok && (same || character == 0x131); /* but for Turkish its capital is that of i */
        other = u8_tolower(text, key.len, NULL, NULL, NULL, &n);
        ok = ok && same_key(arena, folded, other, n);
        other = u8_normalize(UNINORM_NFD, text, key.len, NULL, &n);
        same = same_key(arena, folded, other, n);
        ok = ok && (same || character == 0x1E9B); /* a long s, and a dot above */
        other = u8_casefold(text, key.len, NULL, NULL, NULL, &n);
        ok = ok && is_spelt(&spelt, other, n);
        char *row = malloc(key.len + 1);
        char *longer = NULL;
        size_t row_len = key.len;
        memcpy(row, text, key.len);
        ok = ok && key_fold_row(row, &row_len, TABLE_FOLD_CASE, &longer);
        ok = ok && bytes_equal(folded, (struct bytes){longer ? longer : row, row_len});
        free(longer);
        free(row);
        if (!ok)
            fail_msg("U+%04X", (unsigned)character);
    }
    arena_free(arena);
}

/* Whoever may choose a login with a long s in it, or a Kelvin sign, does not get another's row. */
static void imitations(void **state)
{
    (void)state;
    fixture_write_text("imitations", "ſam@example.com thief\n\xe2\x84\xaaim@example.com thief\n"
                                     "ﬁn@example.com thief\nsam@example.com sam\n");
    static const struct spelling expected[] = {
        {"sam@example.com", "sam"}, {"kim@example.com", NULL}, {"fin@example.com", NULL}};
    struct table *table = fixture_open(fixture_spec("texthash", "imitations"));
    expect_all(table, expected, COUNT(expected));
    table_free(table);
}

/* A key of ASCII is the caller's own bytes, where it is in small letters. */
static void ascii_is_not_copied(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct bytes key = BYTES("alice@example.com");
    struct key_spellings spelt;
    assert_ptr_equal(key_fold(arena, key, TABLE_FOLD_CASE).data, key.data);
    key_spell(arena, key, TABLE_FOLD_CASE, &spelt);
    assert_int_equal(spelt.count, 1);
    assert_ptr_equal(spelt.texts[0].data, key.data);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),
        cmocka_unit_test(domains),
        cmocka_unit_test(databases),
        cmocka_unit_test(what_postmap_finds),
        cmocka_unit_test(every_character),
        cmocka_unit_test(imitations),
        cmocka_unit_test(ascii_is_not_copied),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
