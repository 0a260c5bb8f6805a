/* Signing with too little memory, for long, and on many threads at once. */
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dkim_help.h"

#define THREADS 8
#define SIGNATURES 500

static const char fields[] = "From: Alice <alice@example.com>\n"
                             "To: bob@example.net,\n carol@example.net\n"
                             "Subject: hello\n"
                             "Date: Fri, 20 Nov 2026 10:00:00 +0000\n"
                             "Message-ID: <1@example.com>";

static const struct field header_fields[] = {
    {.name = {"From", 4}, .value = {" a@example.com", 14}},
    {.name = {"Subject", 7}, .value = {" hello", 6}},
};
static const struct facts_header small_header = {.fields = header_fields, .count = 2};

static char long_body[60000];

/* Every allocation fails once, as each ceiling is reached somewhere else. */
static void short_memory_is_an_error(const char *header_text, struct bytes body, bool rsa,
                                     bool ed25519, size_t step)
{
    struct help_keys keys;
    struct signing_profile *profile = help_profile(false, false);
    struct arena *outside = arena_new((size_t)1 << 20);
    struct facts_header header = help_header(outside, header_text);
    help_keys_new(&keys, rsa, ed25519);
    size_t failures = 0, signed_in_a_row = 0;
    for (size_t ceiling = 0; signed_in_a_row < 3; ceiling += step) {
        struct arena *arena = arena_new(ceiling);
        struct error error = {""};
        size_t count = 0;
        const struct signature *signatures =
            help_sign(profile, keys.store, &header, body, 1000, arena, &count, &error);
        if (signatures) {
            struct bytes message = help_message(outside, signatures, count, &header, body);
            assert_int_equal(help_good_signatures(keys.store, message), count);
            arena_clear(outside);
            header = help_header(outside, header_text);
            signed_in_a_row++;
        } else {
            assert_non_null(strstr(error.text, "memory"));
            assert_int_equal(signed_in_a_row, 0);
            failures++;
        }
        arena_free(arena);
    }
    assert_true(failures > 50);
    arena_free(outside);
    help_keys_free(&keys);
    signing_profile_free(profile);
}

static void short_memory_is_an_error_for_rsa(void **state)
{
    (void)state;
    short_memory_is_an_error(fields, BYTES("x\r\n"), true, false, 64);
}

static void short_memory_is_an_error_for_ed25519(void **state)
{
    (void)state;
    short_memory_is_an_error(fields, BYTES("x\r\n"), false, true, 64);
}

static void short_memory_is_an_error_for_both(void **state)
{
    (void)state;
    short_memory_is_an_error(fields, BYTES("x\r\n"), true, true, 128);
}

/* A line without a blank is held as a whole by libopendkim, which loses bytes silently when it
 * cannot. */
static void short_memory_never_loses_a_byte_of_the_body(void **state)
{
    (void)state;
    memset(long_body, 'x', sizeof long_body);
    short_memory_is_an_error(fields, (struct bytes){long_body, sizeof long_body}, true, true, 1024);
}

/* Many fields: the signature's own text grows through several sizes. */
static void short_memory_is_an_error_for_many_fields(void **state)
{
    (void)state;
    char text[8192] = "From: a@example.com";
    for (int i = 0; i < 150; i++)
        strcat(text, "\nList-Unsubscribe: x");
    short_memory_is_an_error(text, BYTES("x\r\n"), true, true, 1024);
}

static void sign_often(size_t times)
{
    struct help_keys keys;
    struct signing_profile *profile = help_profile(false, false);
    struct arena *arena = arena_new((size_t)1 << 20);
    struct error error;
    size_t count;
    help_keys_new(&keys, false, true);
    for (size_t i = 0; i < times; i++) {
        assert_non_null(help_sign(profile, keys.store, &small_header, BYTES("x\r\n"), 0, arena,
                                  &count, &error));
        arena_clear(arena);
    }
    arena_free(arena);
    help_keys_free(&keys);
    signing_profile_free(profile);
}

/* Under ASan mallinfo2 has nothing to say, and LSan looks at the end. What malloc keeps at hand
 * counts as used, and keys differ in size: one round may end some bytes higher; with a leak every
 * one does. */
static void ten_thousand_signatures_leak_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 10;
         i++) /* a thread's cache keeps seven blocks of a size; calloc uses none */
        sign_often(100);
    bool level = false;
    for (int round = 0; round < 5 && !level; round++) {
        size_t before = mallinfo2().uordblks;
        sign_often(10000);
        level = mallinfo2().uordblks <= before;
    }
    assert_true(level);
}

struct worker {
    const struct signing_profile *profile;
    struct help_keys *keys;
    struct bytes last;
    struct arena *kept;
    size_t done;
};

static atomic_size_t reloads;

static void *work(void *user)
{
    struct worker *worker = user;
    struct arena *arena = arena_new((size_t)1 << 20);
    for (size_t i = 0; i < SIGNATURES; i++) {
        struct error error;
        size_t count = 0;
        struct keystore *store = keystore_ref(worker->keys->store);
        if (i % 50 == 0) { /* a reload in the middle, with the same parsed keys */
            struct keystore *reloaded = NULL;
            if (keystore_load(&worker->keys->options, store, &reloaded, &error))
                atomic_fetch_add(&reloads, 1);
            keystore_unref(store);
            store = reloaded;
        }
        struct facts_header header = help_header(arena, fields);
        const struct signature *signatures =
            help_sign(worker->profile, store, &header, BYTES("body\r\n"), 2, arena, &count, &error);
        worker->done += signatures ? count : 0;
        if (signatures && i + 1 == SIGNATURES)
            worker->last = arena_bytes(
                worker->kept, help_message(arena, signatures, count, &header, BYTES("body\r\n")));
        keystore_unref(store);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

static void eight_threads_sign_at_once(void **state)
{
    (void)state;
    struct help_keys keys;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    struct signing_profile *profile = help_profile(false, false);
    help_keys_new(&keys, true, true);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] =
            (struct worker){.profile = profile, .keys = &keys, .kept = arena_new((size_t)1 << 20)};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].done, 2 * SIGNATURES);
        assert_int_equal(help_good_signatures(keys.store, workers[i].last), 2);
        arena_free(workers[i].kept);
    }
    assert_int_equal(reloads, THREADS * SIGNATURES / 50);
    help_keys_free(&keys);
    signing_profile_free(profile);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_memory_is_an_error_for_rsa),
        cmocka_unit_test(short_memory_is_an_error_for_ed25519),
        cmocka_unit_test(short_memory_is_an_error_for_both),
        cmocka_unit_test(short_memory_never_loses_a_byte_of_the_body),
        cmocka_unit_test(short_memory_is_an_error_for_many_fields),
        cmocka_unit_test(ten_thousand_signatures_leak_nothing),
        cmocka_unit_test(eight_threads_sign_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
