/* Good files with a few bytes changed, cut or put in: nothing of it may crash, hang or leak, every
 * refusal says where, and libconfig finds no syntax error that we did not find before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/parse.h"
#include "conf/schema.h"
#include "tests/unit/chance.h"
#include "tests/unit/conf_load.h"

#define ROUNDS 1500
#define ROOM 100

static const char *const pieces[] = {
    "{",   "}",  "[",        "]",     "(",    ")",    "\"", "\\",          ";",        ",",   "=",
    ":",   "/*", "*/",       "//",    "#",    "\n",   "\r", "L",           "0x",       ".",   "-",
    "1e9", "@",  "@include", "\\x00", "true", "\xff", " ",  "99999999999", "policies", "mode"};

static const struct mutation mutation = {pieces, sizeof pieces / sizeof *pieces, 20};

static void check_refusal(const struct error *error, struct bytes text)
{
    size_t digits = strspn(error->text + 2, "0123456789");
    const char *sentence = error->text + 2 + digits;
    bool located = strncmp(error->text, "F:", 2) == 0 && digits && sentence[0] == ':';
    if (!located || strcmp(sentence, ": syntax error") == 0)
        fail_msg("%s\n%.*s", error->text, (int)text.len, text.data);
}

static void check(const struct schema *schema, struct bytes text)
{
    struct error error = {""};
    struct node *root = NULL;
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    assert_non_null(arena);
    if (!parse_text(arena, "F", text, &root, &error) || !schema_check(schema, root, arena, &error))
        check_refusal(&error, text);
    arena_free(arena);
}

/* Mutations go on from one another, and begin anew from the file now and then. */
static void mutate_file(const struct schema *schema, const char *name)
{
    char *file = conf_slurp(conf_data(name));
    size_t file_len = strlen(file);
    size_t len = 0;
    char *text = malloc(file_len + ROOM * 64);
    assert_non_null(text);
    for (size_t round = 0; round < ROUNDS; round++) {
        if (round % 8 == 0) {
            memcpy(text, file, file_len + 1);
            len = file_len;
        }
        len = mutate(&mutation, text, len);
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, text, len);
        check(schema, (struct bytes){exact, len});
        free(exact);
    }
    free(text);
    free(file);
}

static void test_mutated_files(void **state)
{
    (void)state;
    static const char *const names[] = {"good/design.conf", "good/syntax.conf", "good/groups.conf",
                                        "good/listeners.conf"};
    struct error error = {""};
    struct schema schema;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    assert_true(schema_new(arena, &schema, &error));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        mutate_file(&schema, names[i]);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutated_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
