/* What comes out of good files: defaults, DESIGN's example, merging, units.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dkim/signer.h"
#include "tests/unit/conf_load.h"

static void test_empty_file_is_safe(void **state)
{
    (void)state;
    struct settings *settings = conf_load("");
    assert_string_equal(settings->hash, "e3b0c44298fc1c14");
    assert_int_equal(settings->site.domains.count, 0);
    assert_int_equal(settings->site.authserv_ids.count, 0);
    assert_string_equal(settings->socket, "unix:/var/spool/postfix/submilter/submilter.sock");
    assert_int_equal(settings->socket_mode, 0660);
    assert_string_equal(settings->socket_group, "postfix");
    assert_string_equal(settings->user, "submilter");
    assert_null(settings->pid_file);
    assert_int_equal(settings->timeout, 3600);
    assert_int_equal(settings->listener_count, 3);
    assert_int_equal(settings->senders.tables.count, 0);
    assert_true(settings->senders.extensions);
    assert_string_equal(settings->senders.recipient_delimiter, "+");
    assert_false(settings->senders.case_sensitive_local);
    assert_string_equal(settings->dkim.keys, "/etc/submilter/keys");
    assert_int_equal(settings->dkim.header_canonicalization, 0);
    assert_int_equal(settings->dkim.body_canonicalization, 0);
    assert_true(texts_have(&settings->dkim.sign_fields, BYTES("From")));
    assert_true(texts_have(&settings->dkim.oversign_fields, BYTES("From")));
    assert_int_equal(settings->dkim.expire, 0);
    assert_true(settings->log.syslog);
    assert_string_equal(settings->log.json, "/var/log/submilter/decisions.jsonl");
    assert_int_equal(settings->log.on_error, LOG_ON_ERROR_CONTINUE);
    assert_int_equal(settings->log.capture, 0);
    assert_null(settings->history.file);
    assert_int_equal(settings->history.keep, 30 * 86400);
    assert_int_equal(settings->history.max_size, (int64_t)2 << 30);
    settings_unref(settings);
}

static void test_the_designs_example(void **state)
{
    (void)state;
    struct settings *settings = conf_load_data("good/design.conf");
    assert_int_equal(settings->site.domains.count, 2);
    assert_string_equal(settings->site.domains.items[1], "example.org");
    assert_string_equal(settings->site.authserv_ids.items[0], "mx.example.com");
    assert_string_equal(settings->senders.tables.items[0], "texthash:/etc/submilter/senders");
    assert_int_equal(settings->listener_count, 3);
    assert_string_equal(settings->listeners[0].name, "submission");
    assert_int_equal(settings->listeners[0].port_count, 2);
    assert_int_equal(settings->listeners[1].client_count, 2);
    assert_int_equal(settings->listeners[1].clients[0].bits, 96 + 8);
    assert_int_equal(conf_tls(settings, "submission", "")->min_version, 2);
    assert_int_equal(conf_tls(settings, "submission", "")->min_cipher_bits, 128);
    assert_int_equal(conf_mode(settings, "submission", "", RULE_display_name), MODE_OBSERVE);
    settings_unref(settings);
}

static void test_domains_are_normalised(void **state)
{
    (void)state;
    struct settings *settings =
        conf_load("domains = [ \"Example.COM\", \"B\xc3\x9c"
                  "cher.example\" ]; authserv_ids = [ \"MX.Example.com\" ];");
    assert_string_equal(settings->site.domains.items[0], "example.com");
    assert_string_equal(settings->site.domains.items[1], "xn--bcher-kva.example");
    assert_string_equal(settings->site.authserv_ids.items[0], "MX.Example.com");
    settings_unref(settings);
}

static void test_conf_d_is_merged_in_name_order(void **state)
{
    (void)state;
    struct settings *settings = conf_load_data("merge/submilter.conf");
    assert_string_equal(settings->site.domains.items[0], "example.com");
    assert_int_equal(settings->timeout, 80);
    assert_string_equal(settings->user, "first");
    assert_int_equal(settings->senders.tables.count, 1);
    assert_string_equal(settings->senders.tables.items[0], "texthash:/c");
    assert_false(settings->senders.extensions);
    assert_int_equal(conf_mode(settings, "submission", "", RULE_tls), MODE_OBSERVE);
    assert_int_equal(conf_tls(settings, "submission", "")->min_cipher_bits, 112);
    assert_int_equal(settings->listener_count, 1);
    assert_string_equal(settings->listeners[0].policy, "mine");
    assert_string_equal(settings_policy_base(settings, "mine"), "local");
    settings_unref(settings);
}

static void test_errors_in_conf_d_name_its_file(void **state)
{
    (void)state;
    struct error error = {""};
    struct settings *settings = NULL;
    char expected[4200];
    assert_false(settings_load(conf_data("merge-bad/submilter.conf"), &settings, &error));
    snprintf(expected, sizeof expected, "%s:3: listeners[1].policy: there is no policy \"mine\"",
             conf_data("merge-bad/conf.d/b.conf"));
    assert_string_equal(error.text, expected);
}

static void test_none_is_written_as_an_empty_text(void **state)
{
    (void)state;
    struct settings *settings =
        conf_load("user = \"\"; socket_group = \"\"; pid_file = \"\"; log: { json = \"\"; };\n"
                  "listeners: ( { name = \"a\"; policy = \"local\"; tls_terminator = \"\"; } );");
    assert_null(settings->user);
    assert_null(settings->socket_group);
    assert_null(settings->pid_file);
    assert_null(settings->log.json);
    assert_null(settings->listeners[0].tls_terminator);
    settings_unref(settings);
}

static void test_units_and_words(void **state)
{
    (void)state;
    struct settings *settings =
        conf_load("timeout = \"15m\"; socket_mode = \"0600\";\n"
                  "dkim: { expire = \"2w\"; canonicalization = \"simple/relaxed\"; };\n"
                  "log: { on_error = \"tempfail\"; capture = \"headers\"; };\n"
                  "history: { file = \"/h.db\"; keep = \"8w\"; max_size = \"500M\"; };");
    assert_int_equal(settings->timeout, 900);
    assert_int_equal(settings->socket_mode, 0600);
    assert_int_equal(settings->dkim.expire, 14 * 86400);
    assert_int_equal(settings->dkim.header_canonicalization, 1);
    assert_int_equal(settings->dkim.body_canonicalization, 0);
    assert_int_equal(settings->log.on_error, LOG_ON_ERROR_TEMPFAIL);
    assert_int_equal(settings->log.capture, 1);
    assert_string_equal(settings->history.file, "/h.db");
    assert_int_equal(settings->history.keep, 56 * 86400);
    assert_int_equal(settings->history.max_size, (int64_t)500 << 20);
    settings_unref(settings);
}

static void test_hash_is_of_what_was_read(void **state)
{
    (void)state;
    struct settings *one = conf_load("timeout = 60;");
    struct settings *same = conf_load("timeout = 60;");
    struct settings *other = conf_load("timeout = 60; ");
    assert_string_equal(one->hash, same->hash);
    assert_string_not_equal(one->hash, other->hash);
    settings_unref(one);
    settings_unref(same);
    settings_unref(other);
}

static void test_sockets(void **state)
{
    (void)state;
    static const char *const sockets[] = {"unix:/run/x.sock", "inet:8891@127.0.0.1",
                                          "inet6:8891@::1", "fd:3"};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        char text[100];
        snprintf(text, sizeof text, "socket = \"%s\";", sockets[i]);
        struct settings *settings = conf_load(text);
        assert_string_equal(settings->socket, sockets[i]);
        settings_unref(settings);
    }
    char text[200];
    snprintf(text, sizeof text, "socket = \"unix:/%0120d\";", 0);
    char expected[300];
    snprintf(expected, sizeof expected,
             "FILE:1: socket: expected a socket path of at most 107 bytes, found "
             "\"unix:/%054d...\"",
             0);
    conf_refuse(text, expected);
}

/* No TLS and no names that would have to be looked up while mail waits. */
static void test_redis(void **state)
{
    (void)state;
    static const char *const good[] = {"unix:/run/redis/redis.sock", "inet:6379@127.0.0.1",
                                       "inet6:6379@::1"};
    static const char *const wrong[] = {"inet:0@127.0.0.1",    "inet6:0@::1", "inet:6379@localhost",
                                        "inet:6379@::1",       "inet:6379",   "inet",
                                        "inet:70000@10.0.0.1", "fd:3",        "unix:redis.sock",
                                        "rediss://redis:6379", "redis"};
    char text[200], expected[300];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "counters: { redis = \"%s\"; };", good[i]);
        struct settings *settings = conf_load(text);
        assert_string_equal(settings->counters.redis, good[i]);
        settings_unref(settings);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "counters: { redis = \"%s\"; };", wrong[i]);
        snprintf(expected, sizeof expected,
                 "FILE:1: counters.redis: expected \"unix:/PATH\", \"inet:PORT@IPV4-ADDRESS\" or "
                 "\"inet6:PORT@IPV6-ADDRESS\", found \"%s\"",
                 wrong[i]);
        conf_refuse(text, expected);
    }
    snprintf(text, sizeof text, "counters: { redis = \"unix:/%0120d\"; };", 0);
    snprintf(expected, sizeof expected,
             "FILE:1: counters.redis: expected a socket path of at most 107 bytes, found "
             "\"unix:/%054d...\"",
             0);
    conf_refuse(text, expected);
}

static void check_fields(const struct texts *fields, const char *const *expected)
{
    size_t count = 0;
    for (; expected[count] && count < fields->count; count++)
        assert_string_equal(fields->items[count], expected[count]);
    assert_int_equal(fields->count, count);
    assert_null(expected[count]);
}

/* conf/ does not depend on dkim/: the rows say the same lists once more, as text. */
static void test_signed_fields_are_those_of_dkim(void **state)
{
    (void)state;
    struct settings *settings = conf_load("");
    check_fields(&settings->dkim.sign_fields, signing_default_fields);
    check_fields(&settings->dkim.oversign_fields, signing_default_oversign);
    settings_unref(settings);
}

static void test_references(void **state)
{
    (void)state;
    struct settings *settings = conf_load("");
    assert_ptr_equal(settings_ref(settings), settings);
    settings_unref(settings);
    assert_int_equal(settings->timeout, 3600);
    settings_unref(settings);
    settings_unref(NULL);
    assert_null(settings_ref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_file_is_safe),
        cmocka_unit_test(test_the_designs_example),
        cmocka_unit_test(test_domains_are_normalised),
        cmocka_unit_test(test_conf_d_is_merged_in_name_order),
        cmocka_unit_test(test_errors_in_conf_d_name_its_file),
        cmocka_unit_test(test_none_is_written_as_an_empty_text),
        cmocka_unit_test(test_units_and_words),
        cmocka_unit_test(test_hash_is_of_what_was_read),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_redis),
        cmocka_unit_test(test_signed_fields_are_those_of_dkim),
        cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
