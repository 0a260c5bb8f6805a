/* Keys that are made can be loaded, are never overwritten, and are shown as DNS wants them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/keygen.h"
#include "tests/unit/dkim_help.h"

static char base[64], folder[96];
static struct arena *arena_now;

static int begin(void **state)
{
    (void)state;
    strcpy(base, "/tmp/submilter-gen-XXXXXX");
    arena_now = arena_new((size_t)1 << 20);
    if (!arena_now || !mkdtemp(base))
        return -1;
    snprintf(folder, sizeof folder, "%s/keys", base);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena_now);
    help_remove(base);
    return 0;
}

static struct keygen_options options_for(const char *domain, const char *selector)
{
    return (struct keygen_options){
        .place = {.folder = folder, .user = geteuid(), .group = getegid()},
        .domain = domain,
        .selector = selector,
        .type = KEY_ED25519};
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777U;
}

static void selectors_carry_day_and_kind(void **state)
{
    (void)state;
    assert_string_equal(keygen_default_selector(1795219200, KEY_RSA).text, "s20261121r");
    assert_string_equal(keygen_default_selector(1795219199, KEY_ED25519).text, "s20261120e");
}

static void made_keys_load(void **state)
{
    (void)state;
    struct keygen_options options = options_for("B\xc3\xbc"
                                                "cher.example",
                                                "s1");
    struct error error = {""};
    struct keystore *store;
    const char *path;
    size_t count;
    umask(0);
    for (int type = 0; type < 2; type++) {
        options.type = type ? KEY_ED25519 : KEY_RSA;
        options.selector = type ? "s.e" : "s.r";
        assert_true(keygen_make(&options, arena_now, &path, &error));
        assert_int_equal(mode_of(path), 0600);
    }
    umask(022);
    assert_non_null(strstr(path, "/keys/xn--bcher-kva.example/s.e.pem"));
    assert_int_equal(mode_of(folder), 0700);
    assert_true(keystore_load(&options.place, NULL, &store, &error));
    const struct key *keys = keystore_keys(store, &count);
    assert_int_equal(count, 2);
    assert_int_equal(keys[0].type, KEY_ED25519);
    assert_int_equal(keys[1].type, KEY_RSA);
    assert_int_equal(keys[1].bits, 2048);
    keystore_unref(store);
}

static void as_root_the_group_can_read(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("# only root can try this\n");
        return;
    }
    struct keygen_options options = options_for("example.com", "s1");
    struct error error = {""};
    struct keystore *store;
    struct stat status;
    const char *path;
    options.place.user = 12345;
    options.place.group = 54321;
    assert_true(keygen_make(&options, arena_now, &path, &error));
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(mode_of(folder), 0750);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_uid, 0);
    assert_int_equal(status.st_gid, 54321);
    assert_true(keystore_load(&options.place, NULL, &store, &error));
    keystore_unref(store);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    struct keygen_options options = options_for("example.com", "s1");
    struct error error = {""};
    const char *path;
    struct stat before, after;
    assert_true(keygen_make(&options, arena_now, &path, &error));
    assert_int_equal(stat(path, &before), 0);
    assert_false(keygen_make(&options, arena_now, &path, &error));
    assert_non_null(strstr(error.text, "is there already"));
    assert_non_null(strstr(error.text, "--selector"));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    char domain[128];
    snprintf(domain, sizeof domain, "%s/example.com", folder);
    DIR *list = opendir(domain);
    int entries = 0;
    while (readdir(list))
        entries++;
    closedir(list);
    assert_int_equal(entries, 3); /* no draft is left */
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *domain, *selector, *word;
    } bad[] = {
        {"not a domain", "s", "is no domain"},  {"", "s", "is no domain"},
        {"[192.0.2.1]", "s", "is no domain"},   {"../x", "s", "is no domain"},
        {"example.com", "../s", "no selector"}, {"example.com", "", "no selector"},
        {"example.com", "a/b", "no selector"},  {"example.com", "s..t", "no selector"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct keygen_options options = options_for(bad[i].domain, bad[i].selector);
        struct error error = {""};
        const char *path;
        assert_false(keygen_make(&options, arena_now, &path, &error));
        assert_non_null(strstr(error.text, bad[i].word));
    }
    assert_int_equal(access(folder, F_OK), -1);
}

static void unsafe_folders_are_refused(void **state)
{
    (void)state;
    struct keygen_options options = options_for("example.com", "s1");
    struct error error = {""};
    const char *path;
    assert_int_equal(chmod(base, 0777), 0);
    assert_false(keygen_make(&options, arena_now, &path, &error));
    assert_non_null(strstr(error.text, "chmod go-w"));
    assert_int_equal(chmod(base, 0700), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    char link[128];
    snprintf(link, sizeof link, "%s/example.com", folder);
    assert_int_equal(symlink("/tmp", link), 0);
    assert_false(keygen_make(&options, arena_now, &path, &error));
    assert_non_null(strstr(error.text, "example.com"));
}

static void records_fit_into_dns(void **state)
{
    (void)state;
    char text[8192] = "", joined[4096] = "";
    struct help_keys keys;
    size_t count;
    help_keys_new(&keys, true, true);
    const struct key *list = keystore_keys(keys.store, &count);
    for (size_t i = 0; i < count; i++) {
        FILE *out = fmemopen(text, sizeof text, "w");
        keygen_print_records(&list[i], out);
        fclose(out);
        char name[128];
        snprintf(name, sizeof name, "%s._domainkey.example.com. IN TXT ( \"", list[i].selector);
        assert_non_null(strstr(text, name));
        assert_non_null(strstr(text, arena_printf(arena_now, "\n%s\n", list[i].record)));
        joined[0] = '\0';
        char *at = strstr(text, "TXT (");
        char *close = strchr(at, ')');
        while ((at = strchr(at, '"')) && at < close) {
            size_t len = strcspn(at + 1, "\"");
            assert_in_range(len, 1, 255);
            strncat(joined, at + 1, len);
            at += len + 2;
        }
        assert_string_equal(joined, list[i].record);
    }
    help_keys_free(&keys);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(selectors_carry_day_and_kind, begin, end),
        cmocka_unit_test_setup_teardown(made_keys_load, begin, end),
        cmocka_unit_test_setup_teardown(as_root_the_group_can_read, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(bad_names_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(unsafe_folders_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(records_fit_into_dns, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
