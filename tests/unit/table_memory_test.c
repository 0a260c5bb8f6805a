/* Every allocation fails once, one after the other: no table then, an error, no leak, no crash. */
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "tests/unit/tables_fixture.h"

#include "tables/senders.h"

static long left = -1; /* allocations that still succeed; negative: all of them */

static bool fails(void)
{
    return left >= 0 && left-- == 0;
}

#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? NULL : __real_##name arguments;                                           \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t len), (text, len))
WRAP(pcre2_match_context *, pcre2_match_context_create_8, (pcre2_general_context * context),
     (context))
WRAP(pcre2_match_data *, pcre2_match_data_create_8,
     (uint32_t groups, pcre2_general_context *context), (groups, context))

static void opening(void **state)
{
    (void)state;
    fixture_write_text("rows", "a 1\nb 2\nÄ 3\n");
    assert_true(fixture_postmap("lmdb", "rows"));
    assert_true(fixture_postmap("cdb", "rows"));
    fixture_write_text("patterns", "/(a)(b)/ $1 $2\nif /x/\n/y/ z\nendif\n");
    static const struct {
        const char *kind, *name;
        long least;
    } tables[] = {
        {"texthash", "rows", 6}, {"pcre", "patterns", 6}, {"lmdb", "rows", 4},
        {"cdb", "rows", 5},      {"inline", NULL, 6},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *spec =
            tables[i].name ? fixture_spec(tables[i].kind, tables[i].name) : "inline:{ a=b, {c=d} }";
        const struct site site = {0};
        const struct senders_options options = {.tables = {&spec, 1}, .site = &site};
        long allowed = 0;
        for (bool good = false, spared = false; !good; allowed++) {
            struct error error = {""};
            struct senders *senders = NULL;
            left = allowed;
            good = senders_open(&options, &senders, &error);
            spared = left >= 0;
            left = -1;
            /* the index keeps its rows where they are when there is no room to move them to */
            if (!good && !strlen(error.text))
                fail_msg("%s: allocation %ld failed without an error", spec, allowed);
            senders_free(senders);
            good = good && spared;
        }
        assert_true(allowed > tables[i].least);
    }
}

static void matching(void **state)
{
    (void)state;
    fixture_write_text("patterns", "/(a)(b)/ $1 $2\n");
    struct table *table = fixture_open(fixture_spec("pcre", "patterns"));
    struct arena *arena = arena_new(1 << 20);
    struct table_answer answer;
    enum table_result result = TABLE_UNAVAILABLE;
    for (left = 0; result != TABLE_FOUND && left < 10;) {
        long allowed = left;
        result = table_find(table, arena, BYTES("ab"), &answer);
        assert_true(result == TABLE_FOUND || result == TABLE_UNAVAILABLE);
        assert_true(answer.source.len > 0);
        arena_clear(arena);
        left = allowed + 1;
    }
    left = -1;
    assert_int_equal(result, TABLE_FOUND);
    arena_free(arena);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),
        cmocka_unit_test(matching),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
