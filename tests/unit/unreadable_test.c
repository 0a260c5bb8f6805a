/* Who cannot look has not seen that there is nothing: folders that cannot be listed, accounts that
 * cannot be looked up, lines that cannot be held. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/settings.h"
#include "dkim/account.h"
#include "history/import.h"
#include "tests/unit/dkim_help.h"
#include "tests/unit/key_folder.h"

/* The names that the C library has for them where files may be large. */
#if defined _FILE_OFFSET_BITS && _FILE_OFFSET_BITS == 64
#define REAL(name) __real_##name##64
#define WRAP(name) __wrap_##name##64
#else
#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name
#endif

struct dirent *REAL(readdir)(DIR *folder);
struct dirent *WRAP(readdir)(DIR *folder);
int REAL(fstatat)(int fd, const char *path, struct stat *status, int flags);
int WRAP(fstatat)(int fd, const char *path, struct stat *status, int flags);
ssize_t __real___getdelim(char **line, size_t *room, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *room, int end, FILE *file); /* getline() is it */
ssize_t __real_getline(char **line, size_t *room, FILE *file);
ssize_t __wrap_getline(char **line, size_t *room, FILE *file);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t room,
                      struct group **ret_found);
int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t room,
                      struct passwd **ret_found);

static int no_entries, no_status; /* errno, or 0 */

struct dirent *WRAP(readdir)(DIR *folder)
{
    if (no_entries) {
        errno = no_entries;
        return NULL;
    }
    struct dirent *entry = REAL(readdir)(folder);
    if (entry && no_status)
        entry->d_type = DT_UNKNOWN; /* as file systems do that keep no types there */
    return entry;
}

int WRAP(fstatat)(int fd, const char *path, struct stat *status, int flags)
{
    if (!no_status || !strchr(path, '.'))
        return REAL(fstatat)(fd, path, status, flags);
    errno = no_status;
    return -1;
}

static int lines_held = -1; /* before memory is out; -1: all */

static bool has_memory(void)
{
    if (lines_held < 0 || lines_held-- > 0)
        return true;
    errno = ENOMEM;
    return false;
}

ssize_t __wrap___getdelim(char **line, size_t *room, int end, FILE *file)
{
    return has_memory() ? __real___getdelim(line, room, end, file) : -1;
}

ssize_t __wrap_getline(char **line, size_t *room, FILE *file)
{
    return has_memory() ? __real_getline(line, room, file) : -1;
}

static struct {
    size_t needs; /* room, in bytes */
    int failed;
    bool is_there;
} accounts;

static int answer(size_t room)
{
    return accounts.failed ? accounts.failed : room < accounts.needs ? ERANGE : 0;
}

int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t room,
                      struct group **ret_found)
{
    (void)name;
    int failed = answer(room);
    *buffer = '\0';
    *entry = (struct group){.gr_name = buffer, .gr_gid = 4711};
    *ret_found = !failed && accounts.is_there ? entry : NULL;
    return failed;
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t room,
                      struct passwd **ret_found)
{
    (void)name;
    int failed = answer(room);
    *buffer = '\0';
    *entry = (struct passwd){.pw_name = buffer, .pw_uid = 4712, .pw_gid = 4713};
    *ret_found = !failed && accounts.is_there ? entry : NULL;
    return failed;
}

static int tear_down(void **state)
{
    no_entries = no_status = 0;
    lines_held = -1;
    memset(&accounts, 0, sizeof accounts);
    return key_folder_end(state);
}

static void refuse_configuration(const char *expected)
{
    struct error error = {""};
    struct settings *settings = NULL;
    char whole[300];
    snprintf(whole, sizeof whole, "%s%s", key_folder_path("conf.d"), expected);
    assert_false(settings_load(key_folder_path("submilter.conf"), &settings, &error));
    assert_string_equal(error.text, whole);
}

static void test_a_conf_d_that_cannot_be_listed(void **state)
{
    (void)state;
    key_folder_put("submilter.conf", "timeout = 60;\n", 0644);
    key_folder_make("conf.d", 0755);
    no_entries = EIO;
    refuse_configuration(": cannot be listed: Input/output error");
}

static void test_a_conf_d_that_is_a_link_to_nothing(void **state)
{
    (void)state;
    key_folder_put("submilter.conf", "timeout = 60;\n", 0644);
    assert_int_equal(symlink("/nonexistent/conf.d", key_folder_path("conf.d")), 0);
    refuse_configuration(
        ": cannot be opened: it is a link to what is not there; mend the link, or take it away");
}

static void test_a_domains_keys_that_cannot_be_looked_at(void **state)
{
    (void)state;
    key_folder_make("example.com", 0755);
    no_status = EIO;
    KEY_FOLDER_REFUSES("example.com", "Input/output error");
}

static void test_a_domains_keys_that_went_meanwhile(void **state)
{
    (void)state;
    key_folder_make("example.com", 0755);
    no_status = ENOENT;
    keystore_unref(key_folder_load(NULL));
}

static void test_a_line_without_memory_is_not_the_end(void **state)
{
    (void)state;
    char path[300];
    const char *const paths[] = {path};
    struct import_count count = {0};
    struct error error = {""};
    snprintf(path, sizeof path, "%s", key_folder_path("records"));
    key_folder_put("records", "one\ntwo\nthree\n", 0644);
    assert_true(import_files(key_folder_path("history.db"), paths, 1, NULL, &count, &error));
    assert_int_equal(count.unreadable, 3);
    lines_held = 2;
    assert_false(import_files(key_folder_path("history.db"), paths, 1, NULL, &count, &error));
    assert_non_null(strstr(error.text, "/records: Cannot allocate memory"));
}

static void test_accounts(void **state)
{
    (void)state;
    static const struct {
        size_t needs;
        int failed;
        bool is_there;
        int expected;
    } cases[] = {{100, 0, true, 0},           {1000000, 0, true, 0}, /* thousands of members */
                 {100, 0, false, ENOENT},     {100, ESRCH, false, ENOENT}, {100, EIO, false, EIO},
                 {1000000, 0, false, ENOENT}, {SIZE_MAX, 0, true, ERANGE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uid_t user = 0;
        gid_t group = 0, own = 0;
        accounts.needs = cases[i].needs;
        accounts.failed = cases[i].failed;
        accounts.is_there = cases[i].is_there;
        assert_int_equal(account_find_group("x", &group), cases[i].expected);
        assert_int_equal(account_find_user("x", &user, &own), cases[i].expected);
        assert_int_equal(group, cases[i].expected ? 0 : 4711);
        assert_int_equal(user, cases[i].expected ? 0 : 4712);
        assert_int_equal(own, cases[i].expected ? 0 : 4713);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_conf_d_that_cannot_be_listed, key_folder_begin,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_conf_d_that_is_a_link_to_nothing, key_folder_begin,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_domains_keys_that_cannot_be_looked_at,
                                        key_folder_begin, tear_down),
        cmocka_unit_test_setup_teardown(test_a_domains_keys_that_went_meanwhile, key_folder_begin,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_line_without_memory_is_not_the_end, key_folder_begin,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_accounts, key_folder_begin, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
