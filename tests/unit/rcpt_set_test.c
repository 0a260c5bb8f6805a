/* Recipients that a message names twice, and memory that runs out while they are kept. */
#include "gate/rcpt_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t secret[16] = "0123456789abcde";

static const char *name_of(size_t number)
{
    static char name[40];
    snprintf(name, sizeof name, "u%zu@example.com", number);
    return name;
}

static void test_each_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rcpt_set set = {.secret = secret};
    assert_false(rcpt_set_has(&set, BYTES("")));
    for (size_t i = 0; i < 1000; i++) {
        struct bytes rcpt = arena_bytes(arena, bytes_of(name_of(i)));
        assert_false(rcpt_set_has(&set, rcpt));
        rcpt_set_add(&set, arena, rcpt);
        assert_int_equal(set.count, i + 1);
        for (size_t j = i < 20 ? 0 : i - 20; j <= i; j++)
            assert_true(rcpt_set_has(&set, bytes_of(name_of(j))));
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_true(rcpt_set_has(&set, bytes_of(name_of(i))));
        assert_true(bytes_equal(set.rcpts[i], bytes_of(name_of(i))));
        assert_false(rcpt_set_has(&set, bytes_of(name_of(1000 + i))));
    }
    arena_free(arena);
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t ceiling = 0; ceiling < 1000; ceiling += 8) {
        struct arena *arena = arena_new(ceiling);
        struct rcpt_set set = {.secret = secret};
        for (size_t i = 0; i < 10; i++)
            rcpt_set_add(&set, arena, BYTES("a@b"));
        assert_true((set.count < 10) == arena_failed(arena));
        assert_true(rcpt_set_has(&set, BYTES("a@b")) == (set.count > 0));
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("rcpt_set", tests, NULL, NULL);
}
