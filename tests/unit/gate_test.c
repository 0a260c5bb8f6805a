/* The gate in front of a file that others lock: who gets in, who waits, and for how long. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tables/gate.h"

static void wait_for(long duration)
{
    nanosleep(&(struct timespec){duration / 1000, duration % 1000 * 1000000}, NULL);
}

struct visit {
    struct gate *gate;
    bool alone;
    bool entered;
    atomic_bool back; /* whether it has its answer */
    pthread_t thread;
};

static void *visit(void *argument)
{
    struct visit *visit = argument;
    visit->entered = visit->alone ? gate_enter_alone(visit->gate) : gate_enter(visit->gate);
    atomic_store(&visit->back, true);
    if (visit->entered && visit->alone)
        gate_leave_alone(visit->gate);
    else if (visit->entered)
        gate_leave(visit->gate);
    return NULL;
}

static void begin_visit(struct visit *visiting, struct gate *gate, bool alone)
{
    *visiting = (struct visit){.gate = gate, .alone = alone};
    assert_int_equal(pthread_create(&visiting->thread, NULL, visit, visiting), 0);
}

static void end_visit(struct visit *visiting)
{
    assert_int_equal(pthread_join(visiting->thread, NULL), 0);
}

static struct gate gate;
static FILE *file;

static int begin(void **state)
{
    (void)state;
    file = tmpfile();
    return file && gate_init(&gate, fileno(file)) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    gate_done(&gate);
    return fclose(file);
}

static void readers_share(void **state)
{
    (void)state;
    struct visit other;
    assert_true(gate_enter(&gate));
    /* As if just now, however late the thread comes: behind a reader who is in for long the gate is
     * drained. */
    gate.opened += 3600LL * 1000000000;
    begin_visit(&other, &gate, false);
    end_visit(&other);
    assert_true(other.entered);
    gate_leave(&gate);
}

static void one_alone_waits_for_the_readers(void **state)
{
    (void)state;
    struct visit alone;
    assert_true(gate_enter(&gate));
    begin_visit(&alone, &gate, true);
    wait_for(100);
    assert_false(atomic_load(&alone.back));
    gate_leave(&gate);
    end_visit(&alone);
    assert_true(alone.entered);
}

static void readers_wait_for_one_alone(void **state)
{
    (void)state;
    struct visit reader;
    struct visit second;
    assert_true(gate_enter_alone(&gate));
    begin_visit(&reader, &gate, false);
    begin_visit(&second, &gate, true);
    wait_for(100);
    assert_false(atomic_load(&reader.back) || atomic_load(&second.back));
    gate_leave_alone(&gate);
    end_visit(&reader);
    end_visit(&second);
    assert_true(reader.entered && second.entered);
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    struct visit alone;
    struct visit reader;
    assert_true(gate_enter(&gate));
    begin_visit(&alone, &gate, true);
    wait_for(100); /* it has closed the gate by now */
    begin_visit(&reader, &gate, false);
    end_visit(&alone);
    end_visit(&reader);
    assert_false(alone.entered);
    assert_false(reader.entered);
    gate_leave(&gate);
    assert_true(gate_enter_alone(&gate)); /* and nothing is left of it */
    gate_leave_alone(&gate);
}

static bool locked_by_us(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fileno(file), F_GETLK, &lock), 0);
    return lock.l_type != F_UNLCK;
}

static void the_file_is_locked_while_somebody_is_inside(void **state)
{
    (void)state;
    assert_false(locked_by_us());
    assert_true(gate_enter(&gate));
    assert_true(gate_enter(&gate));
    assert_true(locked_by_us());
    gate_leave(&gate);
    assert_true(locked_by_us());
    gate_leave(&gate);
    assert_false(locked_by_us());
    assert_true(gate_enter_alone(&gate));
    assert_true(locked_by_us());
    gate_leave_alone(&gate);
    assert_false(locked_by_us());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_share, begin, end),
        cmocka_unit_test_setup_teardown(one_alone_waits_for_the_readers, begin, end),
        cmocka_unit_test_setup_teardown(readers_wait_for_one_alone, begin, end),
        cmocka_unit_test_setup_teardown(nobody_waits_for_ever, begin, end),
        cmocka_unit_test_setup_teardown(the_file_is_locked_while_somebody_is_inside, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
