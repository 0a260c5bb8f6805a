/* What postconf says of a configuration of the test's own, and lists as main.cf writes them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mta/endpoint.h"
#include "mta/milters.h"
#include "mta/postfix_use.h"
#include "mta/program.h"
#include "mta/words.h"

static struct arena *arena;
static char folder[64];

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/submilter-mta-XXXXXX");
    arena = arena_new((size_t)16 * 1024 * 1024);
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/main.cf", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/master.cf", folder);
    unlink(path);
    arena_free(arena);
    return rmdir(folder);
}

static void test_reads_what_postconf_says(void **state)
{
    (void)state;
    struct postfix postfix;
    struct error error;
    put("main.cf",
        "compatibility_level = 3.6\nsubmilter = { unix:a/b.sock, default_action=tempfail }\n"
        "smtpd_milters = inet:localhost:8891, $submilter\n");
    put("master.cf", "smtp inet n - y - - smtpd\n"
                     "127.0.0.1:10587 inet n - n - - smtpd\n  -o smtpd_tls_auth_only=yes\n"
                     "  -o { smtpd_milters = $submilter }\n"
                     "cleanup unix n - y - 0 cleanup\n");
    assert_true(postfix_read(arena, folder, &postfix, &error));
    assert_int_equal(postfix.service_count, 3);

    const struct postfix_parameter *milters = postfix_parameter(&postfix, "smtpd_milters");
    assert_string_equal(milters->raw, "inet:localhost:8891, $submilter");
    assert_string_equal(milters->value,
                        "inet:localhost:8891, { unix:a/b.sock, default_action=tempfail }");
    assert_true(milters->is_set);
    assert_false(postfix_parameter(&postfix, "non_smtpd_milters")->is_set);
    assert_null(postfix_parameter(&postfix, "there_is_no_such_thing"));
    assert_string_equal(postfix_value(&postfix, "there_is_no_such_thing"), "");

    const struct postfix_service *own = postfix_service(&postfix, "127.0.0.1:10587", "inet");
    const struct postfix_service *mx = postfix_service(&postfix, "smtp", "inet");
    assert_non_null(own);
    assert_string_equal(own->program, "smtpd");
    assert_false(own->chroot);
    assert_true(mx->chroot);
    assert_int_equal(postfix_service_port(own), 10587);
    assert_int_equal(postfix_service_port(mx), 25);
    assert_int_equal(postfix_service_port(postfix_service(&postfix, "cleanup", "unix")), 0);
    assert_true(postfix_says_yes(postfix_service_value(&postfix, own, "smtpd_tls_auth_only")));
    assert_false(postfix_says_yes(postfix_service_value(&postfix, mx, "smtpd_tls_auth_only")));
    assert_string_equal(postfix_service_parameter(&postfix, own, "smtpd_milters")->raw,
                        "$submilter");
    assert_string_equal(postfix_service_value(&postfix, own, "smtpd_milters"),
                        "{ unix:a/b.sock, default_action=tempfail }");
}

static void test_says_why_it_cannot_read(void **state)
{
    (void)state;
    struct postfix postfix;
    struct error error;
    assert_false(postfix_read(arena, "/nonexistent", &postfix, &error));
    assert_non_null(strstr(error.text, "main.cf"));
}

static void test_splits_words(void **state)
{
    (void)state;
    struct texts words;
    assert_true(words_split(arena, " a,b  { c, { d } e },\n f", &words));
    assert_int_equal(words.count, 4);
    assert_string_equal(words.items[0], "a");
    assert_string_equal(words.items[2], "{ c, { d } e }");
    assert_string_equal(words_inside(arena, words.items[2]), "c, { d } e");
    assert_string_equal(words.items[3], "f");
    assert_true(words_split(arena, " , \t", &words));
    assert_int_equal(words.count, 0);
    assert_true(words_split(arena, "{ open", &words)); /* never closed: one word */
    assert_int_equal(words.count, 1);
}

static void test_reads_milters(void **state)
{
    (void)state;
    struct milters milters;
    assert_true(milters_parse(arena,
                              "inet:localhost:11332, { unix:a.sock, connect_timeout=3s, "
                              "default_action=tempfail } none",
                              &milters));
    assert_int_equal(milters.count, 2);
    assert_string_equal(milters.items[0].endpoint, "inet:localhost:11332");
    assert_null(milters.items[0].default_action);
    assert_string_equal(milters.items[1].endpoint, "unix:a.sock");
    assert_string_equal(milters.items[1].default_action, "tempfail");
    assert_true(milters_parse(arena, "{ unix:a, { default_action = accept } }", &milters));
    assert_string_equal(milters.items[0].default_action, "accept");
}

static void test_knows_its_own_socket(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        const char *socket;
        bool chroot, same;
    } cases[] = {
        {"unix:submilter/s", "unix:/q/submilter/s", true, true},
        {"unix:submilter/s", "unix:/q/submilter/s", false, true},
        {"unix:/submilter/s", "unix:/q/submilter/s", true, true},
        {"unix:/submilter/s", "unix:/q/submilter/s", false, false},
        {"unix:/q/submilter/s", "unix:/q/submilter/s", false, true},
        {"unix:/q/submilter/s", "unix:/q/submilter/s", true, false},
        {"unix:submilter/s", "local:/q/submilter/s", true, true},
        {"unix:submilter/s", "/q/submilter/s", true, true},
        {"unix:submilter/s", "inet:8894@127.0.0.1", true, false},
        {"inet:127.0.0.1:8894", "inet:8894@127.0.0.1", false, true},
        {"inet:localhost:8894", "inet:8894", false, true},
        {"inet:localhost:8894", "inet:8895", false, false},
        {"inet:[::1]:8894", "inet6:8894@::1", false, true},
        {"inet:10.0.0.1:8894", "inet:8894@127.0.0.1", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (milters_same_place(cases[i].endpoint, "/q", cases[i].chroot, cases[i].socket) !=
            cases[i].same)
            fail_msg("%s and %s", cases[i].endpoint, cases[i].socket);
}

static void test_says_its_socket_in_the_mtas_words(void **state)
{
    static const struct {
        const char *socket, *path, *postfix, *sendmail;
    } rows[] = {
        {"unix:/q/s/x.sock", "/q/s/x.sock", "unix:s/x.sock", "unix:/q/s/x.sock"},
        {"local:/q/s/x.sock", "/q/s/x.sock", "unix:s/x.sock", "unix:/q/s/x.sock"},
        {"/qq/x.sock", "/qq/x.sock", "unix:/qq/x.sock", "unix:/qq/x.sock"},
        {"inet:8894@192.0.2.1", NULL, "inet:192.0.2.1:8894", "inet:8894@192.0.2.1"},
        {"inet:8894", NULL, "inet:127.0.0.1:8894", "inet:8894"},
        {"inet6:8894", NULL, "inet:[::1]:8894", "inet6:8894"},
        {"inet6:8894@[::1]", NULL, "inet:[::1]:8894", "inet6:8894@[::1]"},
        {"inet6:8894@::1", NULL, "inet:[::1]:8894", "inet6:8894@::1"},
        {"fd:3", NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *postfix = endpoint_for_postfix(arena, rows[i].socket, "/q");
        const char *sendmail = endpoint_for_sendmail(arena, rows[i].socket);
        const char *path = endpoint_path(rows[i].socket);
        assert_string_equal(postfix ? postfix : "-", rows[i].postfix ? rows[i].postfix : "-");
        assert_string_equal(sendmail ? sendmail : "-", rows[i].sendmail ? rows[i].sendmail : "-");
        assert_string_equal(path ? path : "-", rows[i].path ? rows[i].path : "-");
        assert_int_equal(endpoint_is_handed_over(rows[i].socket), rows[i].postfix == NULL);
    }
}

static void test_tells_services_apart(void **state)
{
    struct postfix postfix;
    struct error error;
    static const struct {
        const char *name;
        enum postfix_use use;
    } rows[] = {
        {"25", POSTFIX_MX},
        {"587", POSTFIX_SUBMISSION},
        {"2525", POSTFIX_SUBMISSION}, /* main.cf's logins */
        {"2526", POSTFIX_MX},
        {"2527", POSTFIX_SUBMISSION},
        {"127.0.0.1:2528", POSTFIX_SUBMISSION},
        {"127.0.0.1:2529", POSTFIX_MX},
        {"127.0.0.1:2530", POSTFIX_REINJECTION},
        {"10.0.0.1:2531", POSTFIX_REINJECTION},
        {"127.0.0.1:2532", POSTFIX_SUBMISSION},
    };
    (void)state;
    put("main.cf", "smtpd_sasl_auth_enable = yes\n");
    put("master.cf", "25 inet n - n - - smtpd\n587 inet n - n - - smtpd\n"
                     "2525 inet n - n - - smtpd\n"
                     "2526 inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=no\n"
                     "2527 inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=no\n"
                     "  -o smtpd_tls_wrappermode=yes\n"
                     "127.0.0.1:2528 inet n - n - - smtpd\n"
                     "127.0.0.1:2529 inet n - n - - smtpd\n"
                     "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n"
                     "127.0.0.1:2530 inet n - n - - smtpd\n"
                     "  -o mynetworks=127.0.0.0/8\n  -o receive_override_options=no_milters\n"
                     "10.0.0.1:2531 inet n - n - - smtpd\n"
                     "  -o mynetworks=127.0.0.0/8\n  -o content_filter=\n"
                     "127.0.0.1:2532 inet n - n - - smtpd\n  -o smtpd_relay_restrictions="
                     "permit_mynetworks,permit_sasl_authenticated,reject\n");
    assert_true(postfix_read(arena, folder, &postfix, &error));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(postfix_use_of(&postfix, postfix_service(&postfix, rows[i].name, "inet")),
                         rows[i].use);
    put("main.cf", "smtpd_sasl_auth_enable = yes\ncontent_filter = smtp:[127.0.0.1]:10025\n");
    put("master.cf", "127.0.0.1:2528 inet n - n - - smtpd\n"
                     "127.0.0.1:2529 inet n - n - - smtpd\n  -o content_filter=\n");
    assert_true(postfix_read(arena, folder, &postfix, &error));
    assert_int_equal(postfix_use_of(&postfix, &postfix.services[0]), POSTFIX_SUBMISSION);
    assert_int_equal(postfix_use_of(&postfix, &postfix.services[1]), POSTFIX_REINJECTION);
}

static void test_runs_programs(void **state)
{
    (void)state;
    struct program_output output;
    struct error error;
    const char *const both[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    const char *const missing[] = {"submilter-no-such-program", NULL};
    const char *const hangs[] = {"sleep", "600", NULL};
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_true(program_run(arena, both, 60, &output, &error));
    assert_int_equal(output.status, 3);
    assert_string_equal(output.out.data, "out\n");
    assert_string_equal(output.err.data, "err\n");
    assert_false(program_must_run(arena, both, 60, &output, &error));
    assert_string_equal(error.text, "sh failed with 3: err");
    const char *const warns[] = {
        "sh", "-c",
        "echo 'x: warning: a' >&2; echo b >&2; echo 'x: fatal: c' >&2; echo d >&2; exit 1", NULL};
    assert_false(program_must_run(arena, warns, 60, &output, &error));
    assert_string_equal(error.text, "sh failed with 1: x: fatal: c");
    const char *const mild[] = {"sh", "-c", "echo 'warning: a' >&2; echo b >&2; exit 1", NULL};
    assert_false(program_must_run(arena, mild, 60, &output, &error));
    assert_string_equal(error.text, "sh failed with 1: b");
    assert_false(program_run(arena, missing, 60, &output, &error));
    assert_non_null(strstr(error.text, "submilter-no-such-program"));
    assert_false(program_run(arena, hangs, 0, &output, &error));
    assert_non_null(strstr(error.text, "did not end"));
    assert_true(program_run(arena, killed, 60, &output, &error));
    assert_int_equal(output.status, 128 + 9);
    const char *const where[] = {"pwd", NULL};
    assert_true(program_must_run_in(arena, folder, where, 60, &output, &error));
    assert_int_equal(strncmp(output.out.data, folder, strlen(folder)), 0);
    assert_false(program_must_run_in(arena, "/no/such", where, 60, &output, &error));
}

/* No descriptor is left to wait by: what a program says takes two. */
static void test_ends_programs_without_a_descriptor(void **state)
{
    (void)state;
    struct program_output output;
    struct error error;
    struct rlimit before;
    const char *const hangs[] = {"sleep", "600", NULL};
    const char *const says[] = {"echo", "out", NULL};
    int last = dup(0);
    int spare = dup(0);
    while (spare != last + 1) { /* others may be open behind those */
        assert_true(spare > last);
        last = spare;
        spare = dup(0);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {(rlim_t)spare + 1, before.rlim_max};
    close(last);
    close(spare);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bool ended = !program_run(arena, hangs, 1, &output, &error);
    bool said = program_run(arena, says, 60, &output, &error);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(ended);
    assert_true(said);
    assert_string_equal(output.out.data, "out\n");
}

/* A daemon that is started while signals are held back has to hear them. */
static void test_programs_begin_with_no_signal_blocked(void **state)
{
    (void)state;
    struct program_output output;
    struct error error;
    sigset_t blocked;
    sigset_t before;
    const char *const ends[] = {"sh", "-c", "kill -USR1 $$; exit 1", NULL};
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    assert_true(program_run(arena, ends, 60, &output, &error));
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(output.status, 128 + SIGUSR1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_postconf_says),
        cmocka_unit_test(test_says_why_it_cannot_read),
        cmocka_unit_test(test_splits_words),
        cmocka_unit_test(test_reads_milters),
        cmocka_unit_test(test_knows_its_own_socket),
        cmocka_unit_test(test_says_its_socket_in_the_mtas_words),
        cmocka_unit_test(test_tells_services_apart),
        cmocka_unit_test(test_runs_programs),
        cmocka_unit_test(test_ends_programs_without_a_descriptor),
        cmocka_unit_test(test_programs_begin_with_no_signal_blocked),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
