/* In whose name trust fields speak, each input in a heap block of exactly its size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policy/vouch.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct bytes exact(struct bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.data, text.len);
    return (struct bytes){copy, text.len};
}

static void release(struct bytes text)
{
    free((void *)(uintptr_t)text.data);
}

static void test_authserv_ids(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *id; /* NULL: unreadable */
    } cases[] = {
        {" mx.example.com; none", "mx.example.com"},
        {"mx.example.com", "mx.example.com"},
        {" (a) mx.example.com (b) 1 (c) ; none", "mx.example.com"},
        {" mx.example.com/1; none", "mx.example.com"},
        {" \"mx.example.com\" 1;", "mx.example.com"},
        {" \"mx\\.example.com\";", "mx.example.com"},
        {" \" mx.example.com \";", "mx.example.com"},
        {"", NULL},
        {" ", NULL},
        {" ;", NULL},
        {" \"\";", NULL},
        {" \"mx.example.com;", NULL},
        {" \"mx\"x;", NULL},
        {" mx\"x\";", NULL},
        {" (mx.example.com;", NULL},
        {" mx.example.com (open;", NULL},
        {" mx.example.com x;", NULL},
        {" mx.example.com 1 x;", NULL},
        {" spf=pass", NULL},
        {" =?utf-8?Q?mx?=;", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes value = exact(bytes_of(cases[i].value));
        struct bytes id;
        bool good = vouch_authserv_id(arena, value, &id);
        if (good != (cases[i].id != NULL) || (good && !bytes_equal(id, bytes_of(cases[i].id))))
            fail_msg("\"%s\"", cases[i].value);
        release(value);
    }
}

static void test_signers(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *domain; /* NULL: unreadable */
    } cases[] = {
        {" v=1; d=example.com; s=s", "example.com"},
        {"d=example.com", "example.com"},
        {" v=1;\r\n\td = exam\r\n\tple.com ;", "example.com"},
        {" D=example.com", "example.com"},
        {" bd=other; d=example.com; dd=x", "example.com"},
        {"", NULL},
        {" v=1", NULL},
        {" d", NULL},
        {" d=", NULL},
        {" d= ;", NULL},
        {" d=a; d=b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes value = exact(bytes_of(cases[i].value));
        struct bytes domain;
        bool good = vouch_signer(arena, value, &domain);
        if (good != (cases[i].domain != NULL) ||
            (good && !bytes_equal(domain, bytes_of(cases[i].domain))))
            fail_msg("\"%s\"", cases[i].value);
        release(value);
    }
}

static void test_whose(void **state)
{
    (void)state;
    static const char *const names[] = {"MX.Example.Net.", "gatekeeper"};
    static const char *const domains[] = {"example.com", "xn--bcher-kva.example"};
    static const struct texts ours = {names, 2};
    static const struct texts site = {domains, 2};
    static const struct {
        const char *name;
        bool is_ours;
    } cases[] = {
        {"mx.example.net", true},
        {"mx.example.net.", true},
        {"GateKeeper", true},
        {"gatekeeper.", true},
        {"example.com", true},
        {"Mail.Example.COM.", true},
        {"b\xc3\xbc"
         "cher.example",
         true},
        {"B\xc3\x9c"
         "CHER.example",
         true},
        {"\xff", true},
        {"notexample.com", false},
        {"example.com.evil.example", false},
        {"example.net", false},
        {"com", false},
        {"m\xc3\xbcller.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes name = exact(bytes_of(cases[i].name));
        if (vouch_is_ours(arena, name, &ours, &site) != cases[i].is_ours)
            fail_msg("\"%s\"", cases[i].name);
        release(name);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct arena *none = arena_new(1);
    struct bytes ret;
    static const char *const domains[] = {"example.com"};
    static const struct texts site = {domains, 1};
    assert_false(vouch_signer(none, BYTES(" d=example.com"), &ret));
    assert_true(arena_failed(none));
    arena_clear(none);
    assert_false(vouch_authserv_id(none, BYTES(" \"example.com\""), &ret));
    assert_true(arena_failed(none));
    arena_clear(none);
    vouch_is_ours(none,
                  BYTES("b\xc3\xbc"
                        "cher.example"),
                  &site, &site);
    assert_true(arena_failed(none));
    arena_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authserv_ids),
        cmocka_unit_test(test_signers),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("vouch", tests, set_up, tear_down);
}
