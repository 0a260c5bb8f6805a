/* What an arena gives, and what it holds for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/arena.h"

enum { SMALL = 16, LARGE = 6000 };

static struct arena *arena_of(size_t ceiling)
{
    struct arena *arena = arena_new(ceiling);
    assert_non_null(arena);
    return arena;
}

/* As many as there is room for. */
static size_t fill(struct arena *arena, size_t size)
{
    size_t count = 0;
    while (arena_alloc(arena, size))
        count++;
    return count;
}

static void test_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_of(1 << 20);
    char *before = NULL;
    for (size_t size = 1; size < 3 * LARGE; size = size * 3 / 2 + 1) {
        char *memory = arena_alloc(arena, size);
        assert_non_null(memory);
        assert_ptr_not_equal(memory, before);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 'x', size);
        before = memory;
    }
    assert_false(arena_failed(arena));
    arena_free(arena);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct arena *arena = arena_of(2 * LARGE);
    assert_null(arena_alloc(arena, 3 * LARGE));
    assert_true(arena_failed(arena));
    assert_non_null(arena_alloc(arena, LARGE));
    assert_true(arena_failed(arena));
    arena_clear(arena);
    assert_false(arena_failed(arena));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_true(arena_failed(arena));
    arena_free(arena);
}

/* The block that is being filled goes on being filled: all of its room is used. */
static void test_large_between_small(void **state)
{
    (void)state;
    struct arena *arena = arena_of(2048);
    size_t alone = fill(arena, SMALL);
    arena_free(arena);
    arena = arena_of(2048 + LARGE + 2 * SMALL);
    assert_non_null(arena_alloc(arena, SMALL));
    assert_non_null(arena_alloc(arena, LARGE));
    assert_true(fill(arena, SMALL) + 1 >= alone);
    arena_free(arena);
}

/* One block for all that took several the last time. */
static void test_clear(void **state)
{
    (void)state;
    struct arena *arena = arena_of(1 << 20);
    for (int turn = 0; turn < 3; turn++) {
        uintptr_t first = (uintptr_t)arena_alloc(arena, SMALL);
        for (size_t i = 0; i < 100; i++)
            assert_non_null(arena_alloc(arena, i % 20 ? SMALL : LARGE));
        uintptr_t last = (uintptr_t)arena_alloc(arena, SMALL);
        if (turn > 0)
            assert_in_range(last - first, 1, 5 * LARGE + 96 * SMALL + 101 * 16);
        arena_clear(arena);
    }
    arena_free(arena);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena *arena = arena_of(4096);
    assert_string_equal(arena_text(arena, (struct bytes){"alice@", 5}), "alice");
    assert_string_equal(arena_text(arena, (struct bytes){NULL, 0}), "");
    assert_int_equal(arena_bytes(arena, (struct bytes){"bob", 3}).len, 3);
    char *longer = arena_printf(arena, "%0300d", 7);
    assert_int_equal(strlen(longer), 300);
    assert_null(arena_printf(arena, "%05000d", 7));
    assert_true(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_large_between_small),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
