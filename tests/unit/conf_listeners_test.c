/* Which listener holds for a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/conf_load.h"

struct listener_case {
    const char *client;
    int64_t port;
    const char *daemon;
    bool logged_in;
    const char *expected; /* NULL: none */
};

static void check_listeners(const struct settings *settings, const struct listener_case *cases)
{
    for (; cases->client; cases++) {
        const struct listener *found =
            settings_listener(settings, bytes_of(cases->client), cases->port,
                              bytes_of(cases->daemon), cases->logged_in);
        if (!found != !cases->expected || (found && strcmp(found->name, cases->expected) != 0))
            fail_msg("client \"%s\" port %d daemon \"%s\" login %d: %s", cases->client,
                     (int)cases->port, cases->daemon, cases->logged_in,
                     found ? found->name : "none");
    }
}

static void test_default_listeners(void **state)
{
    (void)state;
    static const struct listener_case cases[] = {
        {"192.0.2.1", 587, "", false, "submission"},
        {"192.0.2.1", 465, "", true, "submission"},
        {"127.0.0.1", 587, "", false, "submission"},
        {"127.0.0.1", 25, "", false, "local"},
        {"127.255.255.255", 0, "", false, "local"},
        {"::ffff:127.0.0.1", 25, "", false, "local"},
        {"::1", 25, "", false, "local"},
        {"", 0, "", false, "local"},
        {"::2", 25, "", false, "inbound"},
        {"192.0.2.1", 25, "", false, "inbound"},
        {"192.0.2.1", 0, "", false, "inbound"},
        {"not an address", 25, "", false, "inbound"},
        /* whoever logged in is submission, also on port 25 */
        {"192.0.2.1", 25, "", true, "submission"},
        {"127.0.0.1", 25, "", true, "submission"},
        {NULL, 0, NULL, false, NULL}};
    struct settings *settings = conf_load("");
    check_listeners(settings, cases);
    settings_unref(settings);
}

static void test_own_listeners(void **state)
{
    (void)state;
    static const struct listener_case cases[] = {
        {"192.0.2.15", 25, "", false, "printers"},
        {"192.0.2.16", 25, "", false, "inbound"},
        {"2001:db8:1:ffff::1", 25, "", false, "printers"},
        {"2001:db8:2::1", 25, "", false, "inbound"},
        {"192.0.2.15", 587, "", false, "submission"},
        {"192.0.2.15", 0, "", false, "inbound"},
        {"198.51.100.7", 25, "", true, "webmail"},
        {"198.51.100.7", 25, "", false, "inbound"},
        {"198.51.100.8", 25, "", true, "submission"},
        {"203.0.113.9", 10465, "", true, "behind-haproxy"},
        {"203.0.113.9", 25, "ORIGINATING", false, "by-name"},
        {"203.0.113.9", 25, "originating", false, "by-name"},
        {"203.0.113.9", 25, "ORIGINATIN", false, "inbound"},
        {"127.0.0.1", 25, "", false, "anonymous"},
        {"127.0.0.1", 25, "", true, "submission"},
        {NULL, 0, NULL, false, NULL}};
    struct settings *settings = conf_load_data("good/listeners.conf");
    check_listeners(settings, cases);
    assert_string_equal(settings->listeners[2].tls_terminator, "haproxy");
    settings_unref(settings);
}

static void test_no_listener_matches(void **state)
{
    (void)state;
    static const struct listener_case cases[] = {{"192.0.2.1", 25, "", false, NULL},
                                                 {"192.0.2.1", 465, "", true, NULL},
                                                 {"192.0.2.1", 25, "", true, NULL},
                                                 {"10.0.0.1", 25, "", true, "printers"},
                                                 {NULL, 0, NULL, false, NULL}};
    /* A policy made for some clients is no fallback for others, nor is a TLS terminator's listener.
     */
    struct settings *settings = conf_load(
        "policies: { lax: { base = \"submission\"; auth: { mode = \"off\"; }; }; };\n"
        "listeners: ( { name = \"printers\"; clients = \"10.0.0.0/8\"; policy = \"lax\"; },\n"
        "  { name = \"proxied\"; ports = 10465; policy = \"submission\"; tls_terminator = \"p\"; "
        "},\n"
        "  { name = \"guest\"; login = false; ports = 587; policy = \"submission\"; } );");
    check_listeners(settings, cases);
    settings_unref(settings);
    settings = conf_load("listeners: ( );");
    assert_null(settings_listener(settings, bytes_of("192.0.2.1"), 587, bytes_of(""), true));
    settings_unref(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_listeners),
        cmocka_unit_test(test_own_listeners),
        cmocka_unit_test(test_no_listener_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
