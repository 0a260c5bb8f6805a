/* The log's thread begins and ends beside others that speak. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include <cmocka.h>

#include "milter/log.h"

#define THREADS 8
#define ROUNDS 50

static atomic_ulong said, lost;
static atomic_bool enough;

/* In the place of syslogd. */
__attribute__((format(printf, 1, 0))) static void hear(const char *format, va_list args)
{
    char line[200];
    char *end;
    vsnprintf(line, sizeof line, format, args);
    unsigned long count = strtoul(line, &end, 10);
    if (end == line)
        atomic_fetch_add(&said, 1);
    else
        atomic_fetch_add(&lost, count);
}

#undef vsyslog
void fortified_vsyslog(int priority, int flag, const char *format,
                       va_list args) __asm__("__vsyslog_chk") __attribute__((format(printf, 3, 0)));

void fortified_vsyslog(int priority, int flag, const char *format, va_list args)
{
    (void)priority;
    (void)flag;
    hear(format, args);
}

void vsyslog(int priority, const char *format, va_list args)
{
    (void)priority;
    hear(format, args);
}

static void *speak(void *result)
{
    unsigned long *count = result;
    for (; !atomic_load(&enough); ++*count) {
        log_info("one line");
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
    return NULL;
}

/* Returns how many lines are missing. */
static unsigned long begin_and_end(void)
{
    struct error error;
    pthread_t threads[THREADS];
    unsigned long counts[THREADS] = {0};
    unsigned long spoken = 0;
    atomic_store(&said, 0);
    atomic_store(&lost, 0);
    atomic_store(&enough, false);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, speak, &counts[i]), 0);
    assert_true(log_start(&error));
    unsigned long before = atomic_load(&said);
    while (atomic_load(&said) < before + THREADS)
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    log_stop();
    atomic_store(&enough, true);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        spoken += counts[i];
    }
    return spoken - atomic_load(&said) - atomic_load(&lost);
}

static void test_no_line_is_missing_when_it_ends(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(begin_and_end(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_line_is_missing_when_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
