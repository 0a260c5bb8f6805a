/* The small parts of conf/: networks, nearest names. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/cidr.h"
#include "conf/nearest.h"
#include "conf/quote.h"

static void test_networks(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        const char *inside;
        const char *outside;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
        {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
        {"192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1"},
        {"0.0.0.0/0", "255.255.255.255", "2001:db8::1"},
        {"10.0.0.0/9", "10.127.0.1", "10.128.0.1"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        {"::1", "::1", "127.0.0.1"},
        {"::/0", "10.0.0.1", "not an address"},
        {"fe80::1/128", "fe80::1", "fe80::2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct cidr network;
        struct in6_addr address;
        assert_true(cidr_read(cases[i].network, &network, &error));
        assert_true(cidr_read_address(bytes_of(cases[i].inside), &address));
        assert_true(cidr_holds(&network, &address));
        if (cidr_read_address(bytes_of(cases[i].outside), &address) &&
            cidr_holds(&network, &address))
            fail_msg("%s holds %s", cases[i].network, cases[i].outside);
    }
}

static void test_what_is_no_network(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "/",
                                        "/8",
                                        "10.0.0.0/",
                                        "10.0.0.0/33",
                                        "10.0.0.0/-1",
                                        "10.0.0.0/8 ",
                                        "10.0.0/8",
                                        "10.0.0.1/8",
                                        "::/129",
                                        "::1/64",
                                        "localhost",
                                        "10.0.0.0/0008",
                                        "[::1]",
                                        "fe80::1%eth0",
                                        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct cidr network;
        if (cidr_read(cases[i], &network, &error))
            fail_msg("%s was taken", cases[i]);
        assert_memory_equal(error.text, "expected a network", 18);
    }
}

static void test_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"mode", "min_version", "min_cipher_bits", "ciphers", NULL};
    static const struct {
        const char *wanted;
        const char *expected;
    } cases[] = {{"mod", "mode"},
                 {"moed", "mode"},
                 {"MODE", "mode"},
                 {"min-version", "min_version"},
                 {"minversion", "min_version"},
                 {"cipher_bits", "min_cipher_bits"},
                 {"min_cypher_bits", "min_cipher_bits"},
                 {"cipher", "ciphers"},
                 {"", NULL},
                 {"zzzz", NULL},
                 {"a_name_that_is_far_too_long_to_be_compared_with_anything", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct nearest nearest = nearest_to(cases[i].wanted);
        for (size_t j = 0; names[j]; j++)
            nearest_offer(&nearest, names[j]);
        if (!nearest.name != !cases[i].expected ||
            (nearest.name && strcmp(nearest.name, cases[i].expected) != 0))
            fail_msg("%s: %s", cases[i].wanted, nearest.name ? nearest.name : "none");
    }
}

static void test_quoting_for_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *quoted;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\x1b[31m\x7f\r\n\t\f", "\"\\x1b[31m\\x7f\\r\\n\\t\\f\""},
        {"0123456789012345678901234567890123456789012345678901234567890",
         "\"012345678901234567890123456789012345678901234567890123456789...\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char quoted[100];
        quote_text(cases[i].text, quoted, sizeof quoted);
        assert_string_equal(quoted, cases[i].quoted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_what_is_no_network),
        cmocka_unit_test(test_nearest_name),
        cmocka_unit_test(test_quoting_for_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
