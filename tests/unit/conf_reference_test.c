/* The commented reference: a good file as it is, the defaults when its comments are taken off, and
 * the file that is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/presets.h"
#include "conf/schema.h"
#include "tests/unit/conf_load.h"

static void test_reference_holds_the_defaults(void **state)
{
    (void)state;
    char *reference = conf_printed(NULL);
    struct settings *settings = conf_load(reference);
    struct settings *empty = conf_load("");
    char *printed = conf_printed(settings);
    char *expected = conf_printed(empty);
    assert_string_equal(printed, expected);
    settings_unref(settings);
    settings_unref(empty);
    free(reference);
    free(printed);
    free(expected);
}

static size_t name_of(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

/* Whether a value or a list of groups begins behind "# ". */
static bool begins_value(const char *text)
{
    size_t name = name_of(text);
    return name && (strncmp(text + name, " = ", 3) == 0 || strncmp(text + name, ": (", 3) == 0);
}

/* Turns every line of a value, and those that go on with it, from a comment into the value. */
static size_t uncomment(char *text)
{
    size_t count = 0;
    bool going_on = false;
    for (char *line = text; *line; line += line[0] == '\n') {
        char *mark = line + strspn(line, " ");
        size_t len = strcspn(mark, "\n");
        line = mark + len;
        if (strncmp(mark, "# groups", 8) == 0 || len < 2 || mark[0] != '#')
            continue;
        bool begins = !going_on && begins_value(mark + 2);
        count += begins;
        if (begins || going_on) {
            mark[0] = ' ';
            going_on = !memchr(mark, ';', len) || (begins && mark[len - 1] == '(') ||
                       (going_on && mark[len - 1] != ';');
        }
    }
    return count;
}

static void test_uncommented_reference_is_the_defaults(void **state)
{
    (void)state;
    char *reference = conf_printed(NULL);
    assert_true(uncomment(reference) > 80);
    struct settings *settings = conf_load(reference);
    struct settings *empty = conf_load("");
    assert_int_equal(settings->listener_count, 3);
    char *printed = conf_printed(settings);
    char *expected = conf_printed(empty);
    assert_string_equal(printed, expected);
    settings_unref(settings);
    settings_unref(empty);
    free(reference);
    free(printed);
    free(expected);
}

/* `make update-reference` writes it anew. */
static void test_shipped_file_is_the_reference(void **state)
{
    (void)state;
    char path[4200];
    snprintf(path, sizeof path, "%s", conf_data("../../conf/submilter.conf"));
    char *shipped = conf_slurp(path);
    char *reference = conf_printed(NULL);
    if (strcmp(shipped, reference) != 0)
        fail_msg("conf/submilter.conf is not what the rows say: run make update-reference");
    free(shipped);
    free(reference);
}

static bool has_row(const struct option_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return true;
    return false;
}

static void test_presets_name_rules_and_keys_that_exist(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct schema schema;
    struct error error = {""};
    assert_true(schema_new(arena, &schema, &error));
    for (size_t i = 0; i < preset_count; i++) {
        bool found = strcmp(presets[i].rule, "*") == 0;
        for (size_t j = 0; j < RULE_COUNT; j++)
            if (strcmp(rules[j]->name, presets[i].rule) == 0)
                found = has_row(schema.rules[j]->options, presets[i].key);
        if (!found)
            fail_msg("there is no %s.%s", presets[i].rule, presets[i].key);
    }
    arena_free(arena);
}

static void check_help(const struct option_row *rows)
{
    for (; rows->name; rows++) {
        size_t len = rows->help ? strlen(rows->help) : 0;
        if (len < 10 || rows->help[len - 1] != '.')
            fail_msg("%s: help is no sentence", rows->name);
        if (rows->type == OPTION_CHOICE)
            assert_non_null(rows->choices);
        if (rows->max)
            assert_true(rows->max >= rows->min);
    }
}

static void check_shape(const struct shape *shape)
{
    check_help(shape->options);
    for (const struct branch *branch = shape->branches; branch->name; branch++) {
        assert_non_null(branch->help);
        check_shape(branch->shape);
    }
    if (shape->others)
        check_shape(shape->others);
}

static void test_every_key_is_explained(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct schema schema;
    struct error error = {""};
    assert_true(schema_new(arena, &schema, &error));
    check_shape(schema.top);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_holds_the_defaults),
        cmocka_unit_test(test_uncommented_reference_is_the_defaults),
        cmocka_unit_test(test_shipped_file_is_the_reference),
        cmocka_unit_test(test_presets_name_rules_and_keys_that_exist),
        cmocka_unit_test(test_every_key_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
