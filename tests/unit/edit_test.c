/* The header block as it leaves, and what the arena holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/edit.h"
#include "policy/instances.h"

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        BYTES(name), BYTES(value), 0                                                               \
    }

static struct field block[] = {
    FIELD("From", " a@example.com"), FIELD("X-Spam", " 1"), FIELD("Subject", " s"),
    FIELD("x-spam", " 2"),           FIELD("X-SPAM", " 3"),
};
#define COUNT (sizeof block / sizeof *block)

static const uint8_t secret[16] = "0123456789abcdef";

static char *written(const struct facts_header *header)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < header->count; i++)
        fprintf(out, "%.*s/%u:%.*s;", (int)header->fields[i].name.len, header->fields[i].name.data,
                header->fields[i].instance, (int)header->fields[i].value.len,
                header->fields[i].value.data);
    fclose(out);
    return text;
}

static void check(struct edit *edits, const char *expected)
{
    struct arena *arena = arena_new(1 << 20);
    struct facts_header header = {.fields = block, .count = COUNT};
    struct facts_header leaving;
    assert_true(instances_number(arena, secret, block, COUNT));
    assert_true(edit_apply(arena, secret, &header, edits, &leaving));
    char *text = written(&leaving);
    assert_string_equal(text, expected);
    free(text);
    arena_free(arena);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    check(NULL, "From/1: a@example.com;X-Spam/1: 1;Subject/1: s;x-spam/2: 2;X-SPAM/3: 3;");
}

static void test_delete_renumbers(void **state)
{
    (void)state;
    struct edit second = {.kind = EDIT_DELETE, .field = 3, .name = BYTES("x-spam")};
    struct edit first = {.kind = EDIT_DELETE, .field = 1, .name = BYTES("X-Spam"), .next = &second};
    check(&first, "From/1: a@example.com;Subject/1: s;X-SPAM/1: 3;");
}

static void test_replace_and_add(void **state)
{
    (void)state;
    struct edit add = {.kind = EDIT_ADD, .name = BYTES("subject"), .value = BYTES(" more")};
    struct edit replace = {.kind = EDIT_REPLACE,
                           .field = 2,
                           .name = BYTES("Subject"),
                           .value = BYTES(" t"),
                           .next = &add};
    check(&replace, "From/1: a@example.com;X-Spam/1: 1;Subject/1: t;x-spam/2: 2;X-SPAM/3: 3;"
                    "subject/2: more;");
}

static void test_deleted_wins_over_replaced(void **state)
{
    (void)state;
    struct edit replace = {
        .kind = EDIT_REPLACE, .field = 1, .name = BYTES("X-Spam"), .value = BYTES(" t")};
    struct edit delete = {
        .kind = EDIT_DELETE, .field = 1, .name = BYTES("X-Spam"), .next = &replace};
    check(&delete, "From/1: a@example.com;Subject/1: s;x-spam/1: 2;X-SPAM/2: 3;");
}

static void test_memory_out_is_said(void **state)
{
    (void)state;
    struct facts_header header = {.fields = block, .count = COUNT};
    struct facts_header leaving;
    for (size_t ceiling = 0; ceiling < 2000; ceiling += 100) {
        struct arena *arena = arena_new(ceiling);
        bool done = edit_apply(arena, secret, &header, NULL, &leaving);
        assert_int_equal(done, !arena_failed(arena));
        arena_free(arena);
    }
}

static void test_arena_forgets_when_cleared(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    assert_non_null(arena_alloc(arena, 20000));
    assert_null(arena_alloc(arena, 90000));
    assert_true(arena_failed(arena));
    arena_clear(arena);
    assert_false(arena_failed(arena));
    char *zeroed = arena_alloc(arena, 20000);
    assert_non_null(zeroed);
    for (size_t i = 0; i < 20000; i++)
        assert_int_equal(zeroed[i], 0);
    assert_null(arena_alloc(arena, SIZE_MAX));
    arena_free(arena);
}

static void test_arena_texts(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    char text[600];
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        memset(arena_alloc(arena, 1000), 'y', 1000);
        arena_clear(arena); /* what comes next is not zero */
        char *copy = arena_text(arena, (struct bytes){text, len});
        char *printed = arena_printf(arena, "%.*s", (int)len, text);
        assert_int_equal(strlen(copy), len);
        assert_string_equal(printed, copy);
    }
    arena_free(arena);
}

/* However long a name is, its case says nothing and each of its bytes counts. */
static void test_long_names(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (size_t len = 1; len < 300; len++) {
        char names[3][300];
        memset(names[0], 'a', len);
        memset(names[1], 'A', len);
        memset(names[2], 'a', len);
        names[2][len - 1] = 'b';
        struct field fields[5];
        for (size_t i = 0; i < 5; i++)
            fields[i] = (struct field){.name = {names[i % 3], len}};
        assert_true(instances_number(arena, secret, fields, 5));
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(fields[i].instance, ((const unsigned[]){1, 2, 1, 3, 4})[i]);
        arena_clear(arena);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_delete_renumbers),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_replace_and_add),
        cmocka_unit_test(test_deleted_wins_over_replaced),
        cmocka_unit_test(test_memory_out_is_said),
        cmocka_unit_test(test_arena_forgets_when_cleared),
        cmocka_unit_test(test_arena_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
