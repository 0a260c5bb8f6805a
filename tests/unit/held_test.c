/* submilterctl limits show: which limits hold for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/limits/held.h"
#include "policy/arena.h"
#include "tests/unit/conf_load.h"

static const char policies[] =
    "policies: {\n"
    "  submission: { limits: { mode = \"enforce\"; login = [ \"5 messages/minute\" ];\n"
    "    contain = [ \"6 new/day\" ]; client = [ \"7 messages/hour\" ]; }; };\n"
    "  local: { limits: { login = [ \"8 messages/minute\" ]; contain = [ ];\n"
    "    client = [ \"9 messages/hour\" ]; host = [ \"2G bytes/day\" ]; }; };\n"
    "  quiet: { base = \"submission\"; limits: { mode = \"off\"; }; };\n"
    "};\n"
    "groups: ( { name = \"sales\"; logins = [ \"carol\" ]; policies = [ \"submission\" ];\n"
    "    rules: { limits: { login = [ \"10 messages/minute\" ]; group = [ \"11 new/day\" ]; }; }; "
    "},\n"
    "  { name = \"late\"; logins = [ \"carol\" ]; rules: { limits: { mode = \"off\"; }; }; } );\n";

static const char listeners[] =
    "listeners: ( { name = \"a\"; ports = [ 587 ]; policy = \"submission\"; },\n"
    "  { name = \"b\"; ports = [ 465 ]; policy = \"submission\"; },\n"
    "  { name = \"c\"; ports = [ 588 ]; policy = \"quiet\"; },\n"
    "  { name = \"d\"; clients = [ \"127.0.0.0/8\" ]; policy = \"local\"; } );\n";

struct held_case {
    const char *listeners;
    enum subject_kind kind;
    const char *name;
    const char *expected; /* "policy mode subject[!] limit; " each, "!" for those of contain */
};

static const struct held_case cases[] = {
    {listeners, SUBJECT_LOGIN, "alice",
     "submission enforce login 5 messages/minute; submission enforce login! 6 new/day; "},
    /* the first group holds, and its own limits are the login's */
    {listeners, SUBJECT_LOGIN, "carol",
     "submission enforce login 10 messages/minute; submission enforce group 11 new/day; "
     "submission enforce login! 6 new/day; "},
    {listeners, SUBJECT_GROUP, "sales", "submission enforce group 11 new/day; "},
    {listeners, SUBJECT_GROUP, "late", ""},
    {listeners, SUBJECT_GROUP, "nobody's", ""},
    {listeners, SUBJECT_CLIENT, "192.0.2.7",
     "submission enforce client 7 messages/hour; local observe client 9 messages/hour; "},
    {listeners, SUBJECT_HOST, "all", "local observe host 2G bytes/day; "},
    {listeners, SUBJECT_DOMAIN, "example.com", ""},
    /* none for logins: they are judged by submission all the same */
    {"listeners: ( { name = \"d\"; policy = \"local\"; } );\n", SUBJECT_LOGIN, "alice",
     "submission enforce login 5 messages/minute; submission enforce login! 6 new/day; "},
    /* one of local's that is for logins */
    {"listeners: ( { name = \"d\"; policy = \"local\"; login = true; } );\n", SUBJECT_LOGIN,
     "alice", "local observe login 8 messages/minute; "},
};

static void test_cases(void **state)
{
    char text[4096], found[1000];
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct held *limits;
        size_t count, len = 0;
        snprintf(text, sizeof text, "domains = [ \"example.com\" ];\n%s%s", cases[i].listeners,
                 policies);
        struct settings *settings = conf_load(text);
        struct arena *arena = arena_new(1 << 20);
        assert_non_null(arena);
        assert_true(held_collect(settings, cases[i].kind, bytes_of(cases[i].name), arena, &limits,
                                 &count, &error));
        found[0] = '\0';
        for (size_t j = 0; j < count; j++)
            len += (size_t)snprintf(found + len, sizeof found - len, "%s %s %s%s %s; ",
                                    limits[j].policy, mode_word(limits[j].mode),
                                    subject_word(limits[j].subject), limits[j].contain ? "!" : "",
                                    held_text(&limits[j].limit, (char[HELD_TEXT_SIZE]){0}));
        assert_string_equal(found, cases[i].expected);
        arena_free(arena);
        settings_unref(settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
