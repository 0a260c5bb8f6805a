/* Many hand in, one takes: nothing is lost but what is counted, and the order holds. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "milter/outbox.h"

#define THREADS 4
#define EACH 20000
#define SIZE 100

struct numbered {
    struct outbox_item item;
    unsigned thread;
    unsigned number;
};

static struct outbox box;
static unsigned long refused[THREADS];

static struct numbered *new_item(unsigned thread, unsigned number)
{
    struct numbered *one = malloc(sizeof *one);
    if (!one)
        abort();
    *one = (struct numbered){{.size = SIZE}, thread, number};
    return one;
}

static void *put_all(void *index)
{
    unsigned thread = *(unsigned *)index;
    for (unsigned i = 0; i < EACH; i++) {
        struct numbered *one = new_item(thread, i);
        if (!outbox_put(&box, &one->item)) {
            refused[thread]++;
            free(one);
        }
    }
    return NULL;
}

struct taken {
    unsigned long count, lost, disordered;
    unsigned next[THREADS]; /* no number below it may come */
};

static void *take_all(void *result)
{
    struct taken *taken = result;
    struct outbox_item *items;
    unsigned long lost;
    while (outbox_take(&box, &items, &lost)) {
        taken->lost += lost;
        while (items) {
            struct numbered *one = (struct numbered *)items;
            items = items->next;
            taken->disordered += one->number < taken->next[one->thread];
            taken->next[one->thread] = one->number + 1;
            taken->count++;
            free(one);
        }
    }
    outbox_has_ended(&box);
    return NULL;
}

/* room: for so many items. Returns how many found none. */
static unsigned long exchange(size_t room)
{
    pthread_t taker, putters[THREADS];
    unsigned indexes[THREADS];
    struct taken taken = {0};
    unsigned long without_room = 0;
    outbox_init(&box, room * SIZE);
    assert_int_equal(pthread_create(&taker, NULL, take_all, &taken), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        indexes[i] = i;
        refused[i] = 0;
        assert_int_equal(pthread_create(&putters[i], NULL, put_all, &indexes[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(putters[i], NULL);
        without_room += refused[i];
    }
    assert_true(outbox_end(&box, 60));
    pthread_join(taker, NULL);
    assert_int_equal(outbox_bytes(&box), 0);
    assert_int_equal(taken.disordered, 0);
    assert_int_equal(taken.lost, without_room);
    assert_int_equal(taken.count, THREADS * EACH - without_room);
    return without_room;
}

static void test_all_come_in_order(void **state)
{
    (void)state;
    assert_int_equal(exchange((size_t)THREADS * EACH), 0);
}

static void test_what_has_no_room_is_counted(void **state)
{
    (void)state;
    assert_true(exchange(100) > 0);
}

static void test_what_is_lost_is_told_by_itself(void **state)
{
    (void)state;
    struct outbox_item *items;
    unsigned long lost;
    outbox_init(&box, 1000);
    outbox_lose(&box);
    outbox_lose(&box);
    assert_true(outbox_take(&box, &items, &lost));
    assert_null(items);
    assert_int_equal(lost, 2);
}

static void *put_in_vain(void *ended)
{
    struct numbered *one = new_item(0, 0);
    while (!atomic_load((atomic_bool *)ended))
        if (outbox_put(&box, &one->item))
            one = new_item(0, 0);
    free(one);
    return NULL;
}

/* Who finds no room takes none from others, not for a moment. */
static void test_what_has_no_size_has_room_in_a_full_box(void **state)
{
    (void)state;
    pthread_t putters[THREADS];
    atomic_bool ended = false;
    struct outbox_item *items;
    unsigned long lost, refusals = 0;
    outbox_init(&box, SIZE);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&putters[i], NULL, put_in_vain, &ended), 0);
    for (unsigned i = 0; i < EACH; i++) {
        struct numbered *one = new_item(0, 0);
        one->item.size = 0;
        if (!outbox_put(&box, &one->item)) {
            refusals++;
            free(one);
        }
    }
    atomic_store(&ended, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(putters[i], NULL);
    assert_true(outbox_take(&box, &items, &lost));
    while (items) {
        struct outbox_item *next = items->next;
        free(items);
        items = next;
    }
    assert_int_equal(refusals, 0);
}

static void test_a_thread_that_is_stuck_is_not_waited_for(void **state)
{
    (void)state;
    struct outbox_item *items;
    unsigned long lost;
    outbox_init(&box, SIZE);
    assert_true(outbox_put(&box, &new_item(0, 0)->item));
    assert_false(outbox_end(&box, 0));
    assert_true(outbox_take(&box, &items, &lost));
    free(items);
    assert_false(outbox_take(&box, &items, &lost));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_come_in_order),
        cmocka_unit_test(test_what_has_no_room_is_counted),
        cmocka_unit_test(test_what_is_lost_is_told_by_itself),
        cmocka_unit_test(test_what_has_no_size_has_room_in_a_full_box),
        cmocka_unit_test(test_a_thread_that_is_stuck_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
