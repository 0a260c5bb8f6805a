/* What stands in a .mc file, and what a .cf file says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mta/program.h"
#include "mta/sendmail_cf.h"
#include "mta/sendmail_mc.h"

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new((size_t)16 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Without its last NUL, so that reading on shows. */
static struct sendmail_mc mc_of(const char *text)
{
    struct sendmail_mc mc;
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    assert_true(sendmail_mc_parse(arena, (struct bytes){copy, len}, &mc));
    free(copy); /* names and arguments are the arena's */
    return mc;
}

static struct sendmail_cf cf_of(const char *text)
{
    struct sendmail_cf cf;
    assert_true(sendmail_cf_parse(arena, bytes_of(text), &cf));
    return cf;
}

static void test_finds_calls(void **state)
{
    (void)state;
    struct sendmail_mc mc = mc_of("divert(-1)\n"
                                  "# `make' it: INPUT_MAIL_FILTER(`comment', `S=local:/a')\n"
                                  "divert(0)dnl\n"
                                  "dnl INPUT_MAIL_FILTER(`gone', `S=local:/a')\n"
                                  "define(`confPRIVACY_FLAGS',dnl\n"
                                  "`needmailhelo,goaway')dnl\n"
                                  "INPUT_MAIL_FILTER(`opendkim',\n"
                                  "    `S=inet:8891@127.0.0.1, F=T')\n"
                                  "MAILER_DEFINITIONS\n"
                                  "MAILER(smtp)dnl\n");
    const struct mc_call *filter = sendmail_mc_first(&mc, "INPUT_MAIL_FILTER", NULL);
    assert_non_null(filter);
    assert_ptr_equal(filter, sendmail_mc_last(&mc, "INPUT_MAIL_FILTER", "opendkim"));
    assert_int_equal(filter->line, 7);
    assert_int_equal(filter->arguments.count, 2);
    assert_string_equal(mc_call_argument(filter, 1), "S=inet:8891@127.0.0.1, F=T");
    assert_string_equal(mc_call_argument(filter, 2), "");
    const struct mc_call *flags = sendmail_mc_first(&mc, "define", "confPRIVACY_FLAGS");
    assert_non_null(flags);
    assert_string_equal(mc_call_argument(flags, 1), "needmailhelo,goaway");
    assert_int_equal(sendmail_mc_first(&mc, "MAILER_DEFINITIONS", NULL)->line, 9);
    assert_non_null(sendmail_mc_first(&mc, "MAILER", "smtp"));
    assert_null(sendmail_mc_first(&mc, "INPUT_MAIL_FILTER", "gone"));
    assert_null(sendmail_mc_first(&mc, "INPUT_MAIL_FILTER", "comment"));
}

static void test_keeps_places(void **state)
{
    (void)state;
    static const char text[] = "OSTYPE(`debian')dnl\nMAILER(`smtp')";
    struct sendmail_mc mc = mc_of(text);
    assert_int_equal(mc.count, 2);
    assert_int_equal(mc.calls[0].begin, 0);
    assert_int_equal(mc.calls[0].end, strlen("OSTYPE(`debian')"));
    assert_int_equal(mc.calls[1].begin, strlen("OSTYPE(`debian')dnl\n"));
    assert_int_equal(mc.calls[1].end, strlen(text));
}

static void test_survives_any_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "`",      "'",     "(",      ")",          "a(",
                                        "a(`",  "a(`b'",  "a(b,",  "a(b,`c", "dnl",        "a(dnl",
                                        "#",    "a(#",    "a((",   "a(,,)",  "a(`b`c'd",   "a)b",
                                        "_(\n", "``''''", "a(`')", "\xff(`", "a(b(c,d),e)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mc_of(texts[i]);
    struct sendmail_mc mc = mc_of("a(b(c,d),``e'')");
    assert_string_equal(mc_call_argument(&mc.calls[0], 0), "b(c,d)");
    assert_string_equal(mc_call_argument(&mc.calls[0], 1), "`e'");
}

static void test_reads_filters(void **state)
{
    (void)state;
    struct sendmail_cf cf = cf_of("O InputMailFilters=opendkim, submilter\n"
                                  "Xopendkim, S=inet:8891@localhost\n"
                                  "Xsubmilter, S=local:/run/submilter/submilter.sock, F=T,\n"
                                  "\tT=C:1m;S:30s;R:5m;E:10m\n");
    struct texts names;
    assert_int_equal(cf.filter_count, 2);
    const struct sendmail_filter *open = sendmail_cf_filter(&cf, "opendkim");
    assert_string_equal(open->endpoint, "inet:8891@localhost");
    assert_string_equal(open->flags, "");
    assert_int_equal(open->send, 10);
    assert_int_equal(open->end, 300);
    const struct sendmail_filter *ours = sendmail_cf_filter(&cf, "submilter");
    assert_string_equal(ours->flags, "T");
    assert_int_equal(ours->connect, 60);
    assert_int_equal(ours->send, 30);
    assert_int_equal(ours->read, 300);
    assert_int_equal(ours->end, 600);
    assert_int_equal(ours->line, 3);
    assert_null(sendmail_cf_filter(&cf, "other"));
    assert_int_equal(cf.daemon_count, 1); /* Sendmail's default */
    assert_int_equal(cf.daemons[0].port, 25);
    assert_true(sendmail_cf_filters_of(arena, &cf, &cf.daemons[0], &names));
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[1], "submilter");
}

static void test_reads_daemons(void **state)
{
    (void)state;
    struct sendmail_cf cf =
        cf_of("O InputMailFilters=a\n"
              "O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=smtp, Addr=127.0.0.1\n"
              "O DaemonPortOptions=Port=submission, Name=MSA, M=Ea, InputMailFilters=b;c\n"
              "O DaemonPortOptions=Port=465, M=s, InputMailFilters=\n");
    struct texts names;
    assert_int_equal(cf.daemon_count, 3);
    assert_string_equal(cf.daemons[0].name, "MTA-v4");
    assert_string_equal(cf.daemons[0].address, "127.0.0.1");
    assert_int_equal(cf.daemons[0].port, 25);
    assert_false(cf.daemons[0].own_filters);
    assert_int_equal(cf.daemons[1].port, 587);
    assert_string_equal(cf.daemons[1].modifiers, "Ea");
    assert_int_equal(cf.daemons[1].filters.count, 2);
    assert_string_equal(cf.daemons[1].filters.items[1], "c");
    assert_string_equal(cf.daemons[2].name, "Daemon2");
    assert_int_equal(cf.daemons[2].port, 465);
    assert_true(sendmail_cf_filters_of(arena, &cf, &cf.daemons[2], &names));
    assert_int_equal(names.count, 0);
    assert_true(sendmail_cf_filters_of(arena, &cf, &cf.daemons[0], &names));
    assert_string_equal(names.items[0], "a");
}

static void test_reads_options_macros_mailers(void **state)
{
    (void)state;
    struct sendmail_cf cf =
        cf_of("V10/Berkeley\n"
              "DMexample.com\n"
              "D{MTAHost}[127.0.0.1]\n"
              "Kgenerics hash /etc/mail/genericstable\n"
              "#O AuthOptions=\n"
              "O authoptions = A,p y\n"
              "O PrivacyOptions=needmailhelo,goaway\n"
              "O MaxHeadersLength=1\n"
              "O MaxHeadersLength=65536\n"
              "Mesmtp,\t\tP=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, L=990,\n"
              "\t\tT=DNS/RFC822/SMTP,\n"
              "Mlocal, P=/usr/bin/procmail, F=lsDFMAw5:/|@qSPfhn9\n"
              "R$*\t\t$: x\n");
    assert_string_equal(sendmail_cf_macro(&cf, "M"), "example.com");
    assert_string_equal(sendmail_cf_macro(&cf, "{MTAHost}"), "[127.0.0.1]");
    assert_null(sendmail_cf_macro(&cf, "S"));
    assert_string_equal(sendmail_cf_map(&cf, "generics")->value, "hash /etc/mail/genericstable");
    assert_null(sendmail_cf_map(&cf, "virtuser"));
    assert_string_equal(sendmail_cf_option(&cf, "MaxHeadersLength"), "65536");
    assert_true(sendmail_cf_option_has(&cf, "AuthOptions", "p"));
    assert_true(sendmail_cf_option_has(&cf, "AuthOptions", "y"));
    assert_false(sendmail_cf_option_has(&cf, "AuthOptions", "m"));
    assert_true(sendmail_cf_option_has(&cf, "PrivacyOptions", "goaway"));
    assert_false(sendmail_cf_option_has(&cf, "PrivacyOptions", "noreceipts"));
    assert_false(sendmail_cf_option_has(&cf, "NoSuchOption", "x"));
    assert_int_equal(cf.mailer_count, 2);
    assert_int_equal(cf.mailers[0].line_max, 990);
    assert_string_equal(cf.mailers[0].flags, "mDFMuXa");
    assert_string_equal(cf.mailers[1].path, "/usr/bin/procmail");
    assert_int_equal(cf.mailers[1].line_max, 0);
}

static void test_tells_whether_names_are_expanded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool expands;
    } cases[] = {
        {"R$* < @ $* > $*\t$: $1 < @ $[ $2 $] > $3\n", true},
        {"R$* $| $* < @ $* $={Canonify} > $*\t$: $2 < @ $[ $3 $4 $] > $5\n", false},
        {"O DontExpandCnames=True\n", false},
        {"O DontExpandCnames=False\n", true},
        {"#O DontExpandCnames=True\n", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sendmail_cf cf = cf_of(cases[i].text);
        if (sendmail_cf_expands_names(&cf) != cases[i].expands)
            fail_msg("%s", cases[i].text);
    }
}

static void test_reads_classes(void **state)
{
    (void)state;
    char path[] = "/tmp/submilter-class-XXXXXX";
    int fd = mkstemp(path);
    static const char names[] = "# mine\nexample.com\n\n  example.org  # too\n#example.net\nlast";
    assert_true(write(fd, names, sizeof names - 1) == (ssize_t)sizeof names - 1);
    close(fd);
    struct texts words;
    struct error error;
    struct sendmail_cf cf = cf_of(arena_printf(arena,
                                               "Cwlocalhost mail\nFw%s %%[^\\#]\nFw-o %s.gone\n"
                                               "Fw@LDAP\nC{VirtHost}v.example\nC{w}end\n",
                                               path, path));
    assert_true(sendmail_cf_class(arena, &cf, "w", &words, &error));
    unlink(path);
    static const char *const expected[] = {"localhost",   "mail", "example.com",
                                           "example.org", "last", "end"};
    assert_int_equal(words.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(words.items[i], expected[i]);
    assert_true(sendmail_cf_class(arena, &cf, "{VirtHost}", &words, &error));
    assert_int_equal(words.count, 1);
    cf = cf_of("Fw/tmp\n");
    assert_false(sendmail_cf_class(arena, &cf, "w", &words, &error));
    assert_non_null(strstr(error.text, "/tmp"));
}

static void test_knows_its_own_socket(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        const char *socket;
        bool same;
    } cases[] = {
        {"local:/run/s", "unix:/run/s", true},
        {"unix:/run/s", "local:/run/s", true},
        {"/run/s", "unix:/run/s", true},
        {"local:/run/s", "unix:/run/t", false},
        {"inet:8894@127.0.0.1", "inet:8894@127.0.0.1", true},
        {"inet:8894@localhost", "inet:8894", true},
        {"inet:8894@[127.0.0.1]", "inet:8894@127.0.0.1", true},
        {"inet:8895@localhost", "inet:8894@localhost", false},
        {"inet:8894@10.0.0.1", "inet:8894@127.0.0.1", false},
        {"inet6:8894@::1", "inet6:8894@[::1]", true},
        {"inet6:8894@::1", "inet:8894@127.0.0.1", false},
        {"local:/run/s", "inet:8894", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sendmail_cf_same_place(cases[i].endpoint, cases[i].socket) != cases[i].same)
            fail_msg("%s and %s", cases[i].endpoint, cases[i].socket);
}

static void test_says_why_it_cannot_read(void **state)
{
    (void)state;
    struct sendmail_cf cf;
    struct sendmail_mc mc;
    struct error error;
    assert_false(sendmail_cf_read(arena, "/nonexistent/sendmail.cf", &cf, &error));
    assert_non_null(strstr(error.text, "/nonexistent/sendmail.cf"));
    assert_false(sendmail_mc_read(arena, "/tmp", &mc, &error));
    assert_non_null(strstr(error.text, "/tmp is no file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_calls),
        cmocka_unit_test(test_keeps_places),
        cmocka_unit_test(test_survives_any_text),
        cmocka_unit_test(test_reads_filters),
        cmocka_unit_test(test_reads_daemons),
        cmocka_unit_test(test_reads_options_macros_mailers),
        cmocka_unit_test(test_tells_whether_names_are_expanded),
        cmocka_unit_test(test_reads_classes),
        cmocka_unit_test(test_knows_its_own_socket),
        cmocka_unit_test(test_says_why_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
