/* One value of a file becomes another: in every good file, for every rule, and in files that chance
 * has laid out anew. What comes out loads, means that and nothing else, and keeps every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/amend.h"
#include "conf/modes.h"
#include "conf/parse.h"
#include "conf/reword.h"
#include "tests/unit/chance.h"
#include "tests/unit/conf_load.h"

#define CEILING ((size_t)256 * 1024 * 1024)

static const char *const good[] = {"good/crlf.conf", "good/design.conf", "good/groups.conf",
                                   "good/listeners.conf", "good/syntax.conf"};

static bool is_in_order(struct bytes part, struct bytes whole)
{
    size_t at = 0;
    for (size_t i = 0; i < whole.len && at < part.len; i++)
        at += whole.data[i] == part.data[at];
    return at == part.len;
}

/* Whether all that is gone is one word of a value. */
static bool keeps_all(struct bytes before, struct bytes after)
{
    size_t front = 0;
    size_t back = 0;
    size_t shorter = before.len < after.len ? before.len : after.len;
    while (front < shorter && before.data[front] == after.data[front])
        front++;
    while (back < shorter - front &&
           before.data[before.len - 1 - back] == after.data[after.len - 1 - back])
        back++;
    struct bytes gone = bytes_slice(before, front, before.len - back);
    return gone.len <= strlen("replace-foreign") ||
           is_in_order(gone, bytes_slice(after, front, after.len - back));
}

static enum mode mode_in(const struct file *file, const char *policy, enum rule_id rule)
{
    struct settings *settings = NULL;
    struct error error;
    if (!settings_load_files(file->path, file, 1, &settings, &error))
        fail_msg("%s\n%.*s", error.text, (int)file->text.len, file->text.data);
    enum mode mode = modes_for_login(settings, policy, BYTES(""), rule);
    settings_unref(settings);
    return mode;
}

static void say(struct arena *arena, struct file *file, const char *policy, enum rule_id rule,
                enum mode mode)
{
    struct settings *settings = NULL;
    struct error error;
    struct bytes before = file->text;
    assert_true(settings_load_files(file->path, file, 1, &settings, &error));
    struct reword reword = {.policy = policy, .rule = rule, .key = "mode", .word = mode_word(mode)};
    if (!reword_files(arena, settings, file, 1, &reword, &error))
        fail_msg("%s %s: %s", policy, rules[rule]->name, error.text);
    settings_unref(settings);
    assert_int_equal(mode_in(file, policy, rule), mode);
    if (!keeps_all(before, file->text))
        fail_msg("%.*s\n--\n%.*s", (int)before.len, before.data, (int)file->text.len,
                 file->text.data);
}

static void test_each_rule_in_each_good_file(void **state)
{
    (void)state;
    static const char *const policies[] = {"submission", "local", "inbound"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t j = 0; j < sizeof policies / sizeof *policies; j++) {
            char *text = conf_slurp(conf_data(good[i]));
            struct arena *arena = arena_new(CEILING);
            struct file file = {conf_data(good[i]), bytes_of(text)};
            for (size_t k = 0; k < RULE_COUNT; k++) {
                say(arena, &file, policies[j], (enum rule_id)k, MODE_OBSERVE);
                say(arena, &file, policies[j], (enum rule_id)k, MODE_ENFORCE);
            }
            arena_free(arena);
            free(text);
        }
}

#define TEXT_MAX 20000

struct layout {
    char text[TEXT_MAX];
    size_t len;
};

static void put(struct layout *layout, const char *text)
{
    size_t len = strlen(text);
    assert_true(layout->len + len < TEXT_MAX);
    memcpy(layout->text + layout->len, text, len + 1);
    layout->len += len;
}

static void put_blanks(struct layout *layout)
{
    static const char *const blanks[] = {
        " ",    " ",          "\n",       "\n  ",          "\t",  "\n\n    ", " /* { mode */ ",
        "\r\n", " # } \" \n", " // ; \n", "\n\t/* \n} */", "\n ", "  "};
    for (size_t i = chance(3); i > 0; i--)
        put(layout, blanks[chance(sizeof blanks / sizeof *blanks)]);
}

static void put_mark(struct layout *layout, const char *const *marks, size_t count)
{
    put_blanks(layout);
    put(layout, marks[chance(count)]);
    put_blanks(layout);
}

static void put_name(struct layout *layout, const char *name)
{
    static const char *const marks[] = {"=", ":"};
    put(layout, name);
    put_mark(layout, marks, 2);
}

static void put_end(struct layout *layout)
{
    static const char *const ends[] = {";", ",", " ", "\n"};
    put_mark(layout, ends, 4);
}

static void put_rule(struct layout *layout, const char *name)
{
    put_name(layout, name);
    put(layout, "{");
    put_blanks(layout);
    if (chance(2)) {
        put_name(layout, "mode");
        put(layout, chance(2) ? "\"observe\"" : "\"enforce\"");
        put_end(layout);
    }
    if (chance(2)) {
        put_name(layout, "action");
        put(layout, "\"reject\"");
        put_end(layout);
    }
    put(layout, "}");
    put_end(layout);
}

static void put_policy(struct layout *layout, const char *name)
{
    put_name(layout, name);
    put(layout, "{");
    put_blanks(layout);
    if (chance(2))
        put_rule(layout, "tls");
    if (chance(2))
        put_rule(layout, "from");
    if (chance(2))
        put_rule(layout, "sender");
    put(layout, "}");
    put_end(layout);
}

static void lay_out(struct layout *layout)
{
    layout->len = 0;
    put_blanks(layout);
    put_name(layout, "domains");
    put(layout, "[ \"example.com\" ]");
    put_end(layout);
    if (chance(8)) {
        put_name(layout, "policies");
        put(layout, "{");
        put_blanks(layout);
        if (chance(4))
            put_policy(layout, "submission");
        if (chance(2))
            put_policy(layout, "local");
        put(layout, "}");
        put_end(layout);
    }
    if (chance(2)) {
        put_name(layout, "dkim");
        put(layout, "{ }");
        put_blanks(layout);
    }
}

static void test_layouts_of_chance(void **state)
{
    (void)state;
    static const enum rule_id asked[] = {RULE_from, RULE_tls, RULE_display_name};
    struct layout *layout = malloc(sizeof *layout);
    assert_non_null(layout);
    for (int i = 0; i < 1500; i++) {
        struct arena *arena = arena_new(CEILING);
        lay_out(layout);
        struct file file = {"F", {layout->text, layout->len}};
        enum rule_id rule = asked[chance(3)];
        enum mode local = mode_in(&file, "local", rule);
        say(arena, &file, "submission", rule, MODE_OBSERVE);
        say(arena, &file, "submission", rule, MODE_ENFORCE);
        assert_int_equal(mode_in(&file, "local", rule), local);
        arena_free(arena);
    }
    free(layout);
}

/* What the edit itself has to refuse. */
static const struct {
    const char *text;
    const char *error;
} wrong[] = {
    {"a = { b = \"x\" \"y\"; };", "line 1: the value is a text in 2 parts"},
    {"a = [ ];", "what it belongs to is no group"},
    {"a = ( { b = \"x\"; } );", "what it belongs to is no group"},
    {"a = 1;", "before:1: "},
    {"a = { b = 1; };", "the edit would change more than this value"},
    {"a = { b = { }; };", "the edit would change more than this value"},
};

static void test_what_is_no_text(void **state)
{
    (void)state;
    static const struct step steps[] = {{.name = "a"}, {.name = "b"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct arena *arena = arena_new(CEILING);
        struct bytes text;
        struct error error = {""};
        bool amended = amend_text(arena, bytes_of(wrong[i].text), steps, 2, "x", &text, &error);
        if (amended)
            fail_msg("%s: %.*s", wrong[i].text, (int)text.len, text.data);
        if (strncmp(error.text, "after:", 6) != 0) /* two of one name: libconfig's own words */
            assert_string_equal(error.text, wrong[i].error);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_in_each_good_file),
        cmocka_unit_test(test_layouts_of_chance),
        cmocka_unit_test(test_what_is_no_text),
    };
    return cmocka_run_group_tests_name("conf_amend", tests, NULL, NULL);
}
