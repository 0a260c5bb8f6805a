/* What units say, read out of what `systemctl cat` prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/systemd.h"

static const char text[] = "# /usr/lib/systemd/system/x.service\n"
                           "[Service]\n"
                           "# User=commented\n"
                           "User = one\n"
                           "ProtectSystem=strict\n"
                           "RuntimeDirectory=x\n"
                           "ReadWritePaths=-/var/log/x /srv/a\n"
                           "ExecStart=/sbin/submilter -f -c /etc/x.conf\n"
                           "\n"
                           "# /etc/systemd/system/x.service.d/50-setup.conf\n"
                           "[Service]\n"
                           "User=two\n"
                           "\n"
                           "# /etc/systemd/system/x.service.d/override.conf\n"
                           "[Service]\n"
                           "ReadWritePaths=+/srv/b/\n"
                           "ExecStart=\n"
                           "ExecStart=/sbin/submilter -c /etc/y.conf -f";
static const struct systemd_unit unit = {.name = "x.service", .exists = true, .text = text};
static struct arena *arena;

static void test_values(void **state)
{
    (void)state;
    struct texts words;
    assert_string_equal(systemd_value(arena, &unit, "User"), "two");
    assert_null(systemd_value(arena, &unit, "Use"));
    assert_null(systemd_value(arena, &unit, "Group"));
    assert_true(systemd_words(arena, &unit, "ReadWritePaths", &words));
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[2], "+/srv/b/");
    assert_true(systemd_values(arena, &unit, "ExecStart", &words));
    assert_int_equal(words.count, 1);
}

static void test_what_it_runs_and_may_write(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        bool may;
    } folders[] = {{"/var/log/x", true}, {"/var/log/x/y", true}, {"/var/log/xy", false},
                   {"/srv/b", true},     {"/run/x", true},       {"/run/xy", false},
                   {"/srv", false}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(systemd_may_write(arena, &unit, folders[i].folder), folders[i].may);
    assert_true(systemd_runs_config(arena, &unit, "/etc/y.conf"));
    assert_false(systemd_runs_config(arena, &unit, "/etc/x.conf"));
    assert_false(systemd_runs_config(arena, &unit, "/etc/y.con"));
}

/* What comes later in the order of names still holds. */
static void test_with_another_drop_in(void **state)
{
    (void)state;
    struct systemd_unit then = unit;
    then.text = systemd_text_with(arena, &unit, "/etc/systemd/system/x.service.d/50-setup.conf",
                                  "User=three\nExecStart=\n");
    assert_string_equal(systemd_value(arena, &then, "User"), "three");
    assert_true(systemd_runs_config(arena, &then, "/etc/y.conf"));
    then.text =
        systemd_text_with(arena, &unit, "/etc/systemd/system/x.service.d/50-setup.conf", "");
    assert_string_equal(systemd_value(arena, &then, "User"), "one");
    then.text =
        systemd_text_with(arena, &unit, "/etc/systemd/system/x.service.d/zz.conf", "User=last\n");
    assert_string_equal(systemd_value(arena, &then, "User"), "last");
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *socket;
        const char *listen; /* NULL: none */
        const char *address;
        bool local;
    } cases[] = {
        {"unix:/run/x", "/run/x", NULL, true},
        {"local:/run/x", "/run/x", NULL, true},
        {"inet:8891", "127.0.0.1:8891", "127.0.0.1", true},
        {"inet:8891@192.0.2.1", "192.0.2.1:8891", "192.0.2.1", false},
        {"inet6:8891", "[::1]:8891", "::1", true},
        {"inet6:8891@2001:db8::1", "[2001:db8::1]:8891", "2001:db8::1", false},
        {"fd:3", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *listen = systemd_listen_of(arena, cases[i].socket);
        if (!cases[i].listen) {
            assert_null(listen);
            continue;
        }
        assert_string_equal(listen, cases[i].listen);
        assert_int_equal(systemd_listen_is_local(listen), cases[i].local);
        if (cases[i].address)
            assert_string_equal(systemd_address_of(arena, listen), cases[i].address);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new((size_t)1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_it_runs_and_may_write),
        cmocka_unit_test(test_with_another_drop_in),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
