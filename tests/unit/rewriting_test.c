/* What Sendmail could make of a From field, and what it leaves to others. Each text stands in
 * memory of its own, so that rewriting behind it shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/domain_in.h"
#include "policy/rewriting.h"

enum becomes { THEIRS, OURS, COMPLETED };

struct reading_case {
    const char *text;
    enum becomes becomes;
};

/* What a Sendmail 8.17 was seen to make of each: an address of example.com, one to which it put its
 * own name, or neither. */
static const struct reading_case cases[] = {
    {"ceo@example com", OURS},
    {"\"The CEO\" <ceo@example com>", OURS},
    {"ceo@example\r\n com", OURS},
    {"ceo@example\tcom", OURS},
    {"ceo @ example com", OURS},
    {"ceo@example (x) com", OURS},
    {"ceo@example(x)com", OURS},
    {"ceo@example com\\", OURS},
    {"ceo@example com;", OURS},
    {"ceo@example com)", OURS},
    {"ceo@example com>", OURS},
    {"ceo@hr example com", OURS},
    {"ceo@hr(x)example com", OURS},
    {"foo@bar.example ceo@example com", OURS},
    {"ceo@example com, foo@bar.example", OURS},
    {"foo@bar.example, ceo@example com", OURS},
    {"ceo%example.com", OURS},
    {"ceo%example com", OURS},
    {"ceo%example.com;", OURS},
    {"a%b%example.com", OURS},
    {"\"ceo\"%example.com", OURS},
    {"Board: ceo%example.com;", OURS},
    {"example.com!ceo", OURS},
    {"example.com! ceo", OURS},
    {"example.com!ceo;", OURS},
    {"example(!).com!ceo", OURS},
    {"hr.example.com!ceo", OURS},
    {"example.com\\!ceo", OURS},
    /* brackets that are in no order: all of it is looked at */
    {"ceo (x) (@example com", OURS},
    /* its own name behind them */
    {"ceo", COMPLETED},
    {"\"ceo\"", COMPLETED},
    {"ceo;", COMPLETED},
    {"ceo)", COMPLETED},
    {"\\ceo", COMPLETED},
    {"ceo ceo", COMPLETED},
    {"example.com::ceo", COMPLETED},
    {"example.com:ceo", COMPLETED},
    {"Board: ceo;", COMPLETED},
    {"The CEO <ceo>", COMPLETED},
    {"<foo@bar.example> <ceo>", COMPLETED},
    {"<@example.net:ceo>", COMPLETED},
    {"Doe, John <john@bar.example>", COMPLETED},
    {"=?utf-8?Q?a,b?= <foo@bar.example>", COMPLETED},
    {"bar.example\\,ceo", COMPLETED},
    {"x!y", COMPLETED},
    {"x!bar.example!ceo", COMPLETED},
    {"bar example!ceo", COMPLETED},
    {"!ceo", COMPLETED},
    {"x<:@bar.example,localhost>", COMPLETED},
    {"bar .ceo!\\", COMPLETED},
    {"x\\![@ ", COMPLETED},
    {"bar.example.ceo.!x", COMPLETED},
    {"ceo!", COMPLETED},
    {"root@localhost", COMPLETED},
    {"Root <root@LOCALHOST.>", COMPLETED},
    {"ceo@bar.example.uucp", COMPLETED},
    {"\"ceo@bar.example", COMPLETED},
    {"\"ceo@bar.example\"", COMPLETED},
    {"ceo\\@bar.example", COMPLETED},
    {"[ceo]", COMPLETED},
    {";%!bar.example", COMPLETED},
    {"!!\r\n  @", COMPLETED},
    {"<:", COMPLETED},
    {"ceo < @", COMPLETED},
    {"x@localhost(c)\\ ", COMPLETED},
    {"x:ceo:", COMPLETED},
    {"<a,b", COMPLETED},
    {"x<foo@bar.example,ceo", COMPLETED},
    {"bar.example ::", COMPLETED},
    {"foo@bar.example [ :ceo", COMPLETED},
    {"foo [IPv6:x]", COMPLETED},
    {"<\\", COMPLETED},
    {"root@localhost\\", COMPLETED},
    {"foo at bar.example", COMPLETED},
    /* mail of others, as the world writes it */
    {"foo@bar.example", THEIRS},
    {"<foo@bar.example>", THEIRS},
    {"Foo <foo@bar.example>", THEIRS},
    {"\"Foo\" <foo@bar.example> (comment)", THEIRS},
    {"foo@bar.example (Foo Bar)", THEIRS},
    {"foo@bar.example (Foo (of example com) Bar)", THEIRS},
    {"foo@bar.example (www.example.com)", THEIRS},
    {"(Foo) foo@bar.example", THEIRS},
    {"\"Doe, John\" <john@bar.example>", THEIRS},
    {"\"Doe; John\" <john@bar.example>", THEIRS},
    {"\"ceo%example com\" <foo@bar.example>", THEIRS},
    {"\"ceo@example com\" <foo@bar.example>", THEIRS},
    {"\"'alice@example.com' via Dev\" <dev@example.net>", THEIRS},
    {"ceo%example com <foo@bar.example>", THEIRS},
    {"example.com! News <foo@bar.example>", THEIRS},
    {"100% example com <foo@bar.example>", THEIRS},
    {"Foo <foo@bar.example> via example.com", THEIRS},
    {"Foo <foo@bar.example> bar", THEIRS},
    {"foo@bar.example <foo@bar.example>", THEIRS},
    {"foo <foo@bar.example", THEIRS},
    {"Someone someone@example.net>", THEIRS},
    {"J.R. Foo <foo@bar.example>", THEIRS},
    {"O'Neil <o@bar.example>", THEIRS},
    {"Foo [Bar] <foo@bar.example>", THEIRS},
    {"=?utf-8?Q?J=C3=BCrgen?= <foo@bar.example>", THEIRS},
    {"=?utf-8?B?SsO8cmdlbg==?=\r\n =?utf-8?B?SsO8cmdlbg==?= <foo@bar.example>", THEIRS},
    {"J\xc3\xbcrgen <foo@bar.example>", THEIRS},
    {"J\xfcrgen <foo@bar.example>", THEIRS},
    {"foo@bar.example, bar@bar.example", THEIRS},
    {"foo@bar.example,", THEIRS},
    {",foo@bar.example", THEIRS},
    {"foo@bar.example; bar@bar.example", THEIRS},
    {"Foo <>", THEIRS},
    {"<>", THEIRS},
    {"", THEIRS},
    {"(only a comment)", THEIRS},
    {"undisclosed:;", THEIRS},
    {"Foo: foo@bar.example;", THEIRS},
    {"foo@[192.0.2.1]", THEIRS},
    {"foo@[IPv6:2001:db8::1]", THEIRS},
    {"MAILER-DAEMON@mx.bar.example (Mail Delivery Subsystem)", THEIRS},
    {"bar.example!foo", THEIRS},
    {"foo%bar.example", THEIRS},
    {"foo%example.com@bar.example (Foo)", OURS}, /* of a field that is read differently */
    {"root@web1", THEIRS},
    {"foo@uucp.example", THEIRS},
    {"foo@example.community", THEIRS},
    {"foo@example.com.bar.example", THEIRS},
    {"foo@example comm", THEIRS},
    {"foo@bar.example (\\", THEIRS},
    {"foo@bar.example \\", THEIRS},
    {"foo@bar.example <", THEIRS},
    {"<@bar.example,@example.net:foo@bar.example>", THEIRS},
    {"Foo <foo@[IPv6:2001:db8::1]>", THEIRS},
};

static struct rewriting reading_of(struct arena *arena, const char *text, size_t len)
{
    struct rewriting rewriting;
    struct bytes folded;
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    assert_true(domain_in_fold(arena, (struct bytes){copy, len}, &folded));
    assert_true(rewriting_of(arena, folded, &rewriting));
    free(copy);
    return rewriting;
}

static enum becomes becomes(const struct rewriting *rewriting)
{
    if (rewriting_names(rewriting, BYTES("example.com"), true))
        return OURS;
    return rewriting_completes(rewriting) ? COMPLETED : THEIRS;
}

static void knows_what_sendmail_makes(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rewriting rewriting = reading_of(arena, cases[i].text, strlen(cases[i].text));
        if (becomes(&rewriting) != cases[i].becomes)
            fail_msg("%s becomes %d, not %d", cases[i].text, becomes(&rewriting), cases[i].becomes);
        assert_false(rewriting_cuts(&rewriting));
    }
    arena_free(arena);
}

struct long_case {
    const char *before;
    size_t fill; /* so many letters "A" */
    const char *behind;
    enum becomes becomes;
    bool cuts;
};

static const struct long_case long_cases[] = {
    {"", 239, " <ceo@example.community>", OURS, true},
    {"", 239, " <ceo@hr.example.company>", OURS, true},
    {"", 239, " <ceo@bar.example>", THEIRS, true},
    {"", 500, " <ceo@bar.example>", THEIRS, true},
    {"\"", 500, "\" <ceo@bar.example>", THEIRS, true},
    {"", 100, " <ceo@example.community>", THEIRS, false},
    {"\"ceo@example.com, ", 260, "\" <foo@bar.example>", OURS, true},
    {"ceo%example com ", 260, " <foo@bar.example>", OURS, true},
    {"foo@bar.example (ceo@example.com ", 300, ")", THEIRS, true},
    {"The CEO ", 1300, " <foo@bar.example>", COMPLETED, true},
    {"foo@bar.example (", 1300, ")", THEIRS, true},
    {"", 240, "foo.example.!ceo", COMPLETED, true},
    {"", 300, "@bar.example", COMPLETED, true},
};

static void knows_what_is_cut(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    char text[2000];
    (void)state;
    for (size_t i = 0; i < sizeof long_cases / sizeof *long_cases; i++) {
        const struct long_case *one = &long_cases[i];
        size_t len = strlen(one->before);
        memcpy(text, one->before, len);
        memset(text + len, 'A', one->fill);
        memcpy(text + len + one->fill, one->behind, strlen(one->behind));
        len += one->fill + strlen(one->behind);
        struct rewriting rewriting = reading_of(arena, text, len);
        if (becomes(&rewriting) != one->becomes || rewriting_cuts(&rewriting) != one->cuts)
            fail_msg("%s...%s becomes %d", one->before, one->behind, becomes(&rewriting));
    }
    arena_free(arena);
}

static void says_when_memory_is_out(void **state)
{
    struct arena *arena = arena_new(64);
    struct rewriting rewriting;
    char text[200] = "";
    (void)state;
    assert_false(rewriting_of(arena, (struct bytes){text, sizeof text}, &rewriting));
    assert_true(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_sendmail_makes),
        cmocka_unit_test(knows_what_is_cut),
        cmocka_unit_test(says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
