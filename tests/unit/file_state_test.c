#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/file_state.h"

static const struct stat as_it_was = {
    .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {100, 5}, .st_ctim = {200, 6}};

static void any_difference_shows(void **state)
{
    (void)state;
    const struct file_state before = file_state_of(&as_it_was, (struct timespec){1000, 0});
    struct stat others[] = {as_it_was, as_it_was, as_it_was, as_it_was,
                            as_it_was, as_it_was, as_it_was};
    assert_true(file_state_same(&before, &as_it_was));
    others[0].st_dev++;
    others[1].st_ino++;
    others[2].st_size++;
    others[3].st_mtim.tv_sec++;
    others[4].st_mtim.tv_nsec++;
    others[5].st_ctim.tv_sec++;
    others[6].st_ctim.tv_nsec++;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(file_state_same(&before, &others[i]));
}

/* Who writes in the tick in which it was read leaves the times as they are. */
static void settled_is_what_was_left_alone(void **state)
{
    (void)state;
    const struct {
        struct timespec now;
        bool settled;
    } cases[] = {
        {{200, 6}, false},         {{200, 999999999}, false}, {{202, 999999999}, false},
        {{203, 0}, true},          {{1000000, 0}, true},      {{199, 0}, false}, /* set back */
        {{100, 999999999}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(file_state_of(&as_it_was, cases[i].now).settled, cases[i].settled);
    assert_false(((struct file_state){0}).settled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_difference_shows),
        cmocka_unit_test(settled_is_what_was_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
