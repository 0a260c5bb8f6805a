/* Display names: what is padded, and whose name is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/display.h"

struct shows_case {
    const char *display;
    const char *name;
    bool shows;
};

static const struct shows_case shows_cases[] = {
    {"Jane Doe", "Jane Doe", true},
    {"JANE DOE", "Jane Doe", true},
    {"jane   doe", "Jane Doe", true},
    {"Doe, Jane", "Jane Doe", true},
    {"Dr. Jane Q. Doe (CEO)", "Jane Doe", true},
    {"jane.doe@example.com", "Jane Doe", true},
    {"Jane\xc2\xa0"
     "Doe",
     "Jane Doe", true},
    {"Ja\xe2\x80\x8bne Doe", "Jane Doe", true},
    {"Jane", "Jane Doe", false},
    {"Janet Doe", "Jane Doe", false},
    {"Jane Does", "Jane Doe", false},
    {"", "Jane Doe", false},
    {"Jane Doe", "...", false},
    {"J\xc3\xbcrgen M\xc3\xbcller", "J\xc3\xbcrgen M\xc3\xbcller", true},
    {"\xe5\xb1\xb1\xe7\x94\xb0 (CEO)", "\xe5\xb1\xb1\xe7\x94\xb0", true},
};

static bool shows(struct arena *arena, const char *display, const char *name)
{
    size_t len = strlen(display);
    char *copy = malloc(len ? len : 1);
    if (len)
        memcpy(copy, display, len);
    bool shown = display_shows_name(arena, (struct bytes){copy, len}, bytes_of(name));
    free(copy);
    return shown;
}

static void shows_names_in_any_order(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof shows_cases / sizeof *shows_cases; i++) {
        if (shows(arena, shows_cases[i].display, shows_cases[i].name) != shows_cases[i].shows)
            fail_msg("\"%s\" as \"%s\"", shows_cases[i].display, shows_cases[i].name);
    }
    arena_free(arena);
}

struct padded_case {
    const char *display;
    size_t max_length;
    bool padded;
};

static const struct padded_case padded_cases[] = {
    {"", 20, false},
    {"12345678901234567890", 20, false},
    {"123456789012345678901", 20, true},
    /* Characters are counted, not bytes. */
    {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 10, false},
    {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 9, true},
    {"a        b", 100, false},
    {"a         b", 100, true},
    {"a\xc2\xa0 \xe2\x80\x83 \xe3\x80\x80 \xc2\xa0 \xe2\xa0\x80"
     "b",
     100, true},
    {"a b c d e f g h i j k l m n o p q r s t u v w x", 100, false},
    {"a b c d e f g h i j k l m n o p q r s t u v w x y", 100, true},
    {"\xff\x80\x80\xe2", 100, false},
};

static void counts_what_is_padded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof padded_cases / sizeof *padded_cases; i++) {
        size_t len = strlen(padded_cases[i].display);
        char *copy = malloc(len ? len : 1);
        if (len)
            memcpy(copy, padded_cases[i].display, len);
        if (display_is_padded((struct bytes){copy, len}, padded_cases[i].max_length) !=
            padded_cases[i].padded)
            fail_msg("\"%s\"", padded_cases[i].display);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_names_in_any_order),
        cmocka_unit_test(counts_what_is_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
