/* Every allocation of ours fails once, one after the other: no settings then, an error, and nothing
 * leaks or crashes. (libconfig's own allocations cannot fail without ending the process.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/parse.h"
#include "policy/arena.h"
#include "tests/unit/conf_load.h"

static long left = -1; /* allocations that still succeed; negative: all of them */

static bool fails(void)
{
    return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_arena_alloc(struct arena *arena, size_t size);
char *__real_arena_text(struct arena *arena, struct bytes text);
struct bytes __real_arena_bytes(struct arena *arena, struct bytes text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
char *__wrap_arena_text(struct arena *arena, struct bytes text);
struct bytes __wrap_arena_bytes(struct arena *arena, struct bytes text);
char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

/* No arena has that much: it fails, and remembers. */
static void *exhaust(struct arena *arena)
{
    return __real_arena_alloc(arena, SIZE_MAX);
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
    return fails() ? exhaust(arena) : __real_arena_alloc(arena, size);
}

char *__wrap_arena_text(struct arena *arena, struct bytes text)
{
    return fails() ? exhaust(arena) : __real_arena_text(arena, text);
}

struct bytes __wrap_arena_bytes(struct arena *arena, struct bytes text)
{
    return fails() ? (struct bytes){exhaust(arena), 0} : __real_arena_bytes(arena, text);
}

char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_in_range(len, 0, sizeof text - 1);
    return fails() ? exhaust(arena) : __real_arena_text(arena, (struct bytes){text, (size_t)len});
}

/* How many allocations failed before the file loaded. */
static long load_until_good(const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s", conf_data(name));
    for (long allowed = 0;; allowed++) {
        struct error error = {""};
        struct settings *settings = NULL;
        left = allowed;
        bool good = settings_load(path, &settings, &error);
        bool untouched = left >= 0;
        left = -1;
        if (good && !untouched)
            fail_msg("allocation %ld failed and nobody noticed", allowed);
        if (good) {
            settings_unref(settings);
            return allowed;
        }
        assert_null(settings);
        if (!error.text[0])
            fail_msg("allocation %ld failed without an error", allowed);
    }
}

static void test_loading(void **state)
{
    (void)state;
    assert_true(load_until_good("good/groups.conf") > 300);
    assert_true(load_until_good("good/listeners.conf") > 300);
    assert_true(load_until_good("merge/submilter.conf") > 300);
}

static void test_printing(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    long allowed = 0;
    for (bool good = false; !good; allowed++) {
        left = allowed;
        good = settings_print_reference(out);
        left = -1;
    }
    fclose(out);
    assert_true(allowed > 50);
}

static const char *forgotten; /* there is no memory for it */

/* By the name that libconfig asks for. */
char *forgetful_strdup(const char *text) __asm__("__strdup");

char *forgetful_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = forgotten && strcmp(text, forgotten) == 0 ? NULL : __real_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static void test_texts_that_libconfig_loses(void **state)
{
    static const char *const lost[] = {"that", "them", "last"};
    static const char text[] = "this = \"that\"; those = [ \"them\" ]; last = 1;";
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    struct node *root = NULL;
    struct error error = {""};
    assert_true(parse_text(arena, "file", bytes_of(text), &root, &error));
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        forgotten = lost[i];
        bool parsed = parse_text(arena, "file", bytes_of(text), &root, &error);
        forgotten = NULL;
        assert_false(parsed);
        assert_string_equal(error.text, "file: out of memory");
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loading),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_texts_that_libconfig_loses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
