/* Which keys are found, and what a reload reads again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/keystore_private.h"
#include "tests/unit/key_folder.h"

static void keys_are_found(void **state)
{
    (void)state;
    const struct key *keys;
    size_t count;
    key_folder_make("example.com", 0750);
    key_folder_make("B\xc3\xbc"
                    "cher.example",
                    0755);
    key_folder_make("empty.example", 0700);
    key_folder_put("example.com/s2.pem", key_folder_ed, 0600);
    key_folder_put("example.com/s1.pem", key_folder_rsa, 0640);
    key_folder_put("example.com/notes.txt", "x", 0666);
    key_folder_put("example.com/s3.pem.old", "x", 0666);
    key_folder_put("example.com/.s4.pem", "x", 0666);
    key_folder_put("B\xc3\xbc"
                   "cher.example/a.b.pem",
                   key_folder_rsa, 0400);
    key_folder_put("README", "x", 0666);
    struct keystore *store = key_folder_load(NULL);
    keys = keystore_keys(store, &count);
    assert_int_equal(count, 3);
    assert_string_equal(keys[0].domain, "example.com");
    assert_string_equal(keys[0].selector, "s1");
    assert_string_equal(keys[0].path, key_folder_path("example.com/s1.pem"));
    assert_int_equal(keys[0].type, KEY_RSA);
    assert_int_equal(keys[0].bits, 2048);
    assert_string_equal(keys[1].selector, "s2");
    assert_int_equal(keys[1].type, KEY_ED25519);
    assert_string_equal(keys[2].domain, "xn--bcher-kva.example");
    assert_string_equal(keys[2].selector, "a.b");

    assert_int_equal(keystore_find(store, BYTES("example.com"), false, &keys), 2);
    assert_string_equal(keys[1].selector, "s2");
    assert_int_equal(keystore_find(store, BYTES("EXAMPLE.com"), false, &keys), 2);
    assert_int_equal(keystore_find(store, BYTES("xn--bcher-kva.example"), false, &keys), 1);
    assert_int_equal(keystore_find(store, BYTES("a.example.com"), false, &keys), 0);
    assert_int_equal(keystore_find(store, BYTES("b.a.example.com"), true, &keys), 2);
    assert_int_equal(keystore_find(store, BYTES("empty.example"), true, &keys), 0);
    assert_int_equal(keystore_find(store, BYTES("example.co"), true, &keys), 0);
    assert_int_equal(keystore_find(store, BYTES("com"), true, &keys), 0);
    assert_int_equal(keystore_find(store, BYTES(""), true, &keys), 0);
    assert_int_equal(keystore_find(store, BYTES("..."), true, &keys), 0);

    struct keystore *again = keystore_ref(store);
    keystore_unref(store);
    assert_int_equal(keystore_find(again, BYTES("example.com"), false, &keys), 2);
    keystore_unref(again);
    keystore_unref(NULL);
    assert_null(keystore_ref(NULL));
}

static void no_folder_is_an_empty_store(void **state)
{
    (void)state;
    size_t count;
    struct keystore_options missing = key_folder_options;
    struct keystore *store;
    struct error error;
    missing.folder = key_folder_path("not/there");
    assert_true(keystore_load(&missing, NULL, &store, &error));
    keystore_keys(store, &count);
    assert_int_equal(count, 0);
    keystore_unref(store);
}

/* The record is what openssl derives from the key. */
static void records_are_right(void **state)
{
    (void)state;
    size_t count;
    char command[512];
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/rsa.pem", key_folder_rsa, 0600);
    key_folder_put("example.com/ed.pem", key_folder_ed, 0600);
    struct keystore *store = key_folder_load(NULL);
    const struct key *keys = keystore_keys(store, &count);
    assert_int_equal(strncmp(keys[1].record, "v=DKIM1; k=rsa; p=", 18), 0);
    snprintf(command, sizeof command,
             "openssl pkey -in %s -pubout -outform DER | openssl base64 -A",
             key_folder_path("example.com/rsa.pem"));
    assert_string_equal(keys[1].record + 18, key_folder_output(command));
    assert_int_equal(strncmp(keys[0].record, "v=DKIM1; k=ed25519; p=", 22), 0);
    snprintf(command, sizeof command,
             "openssl pkey -in %s -pubout -outform DER | tail -c 32 | openssl base64 -A",
             key_folder_path("example.com/ed.pem"));
    assert_string_equal(keys[0].record + 22, key_folder_output(command));
    keystore_unref(store);
}

static void a_reload_takes_unchanged_keys_over(void **state)
{
    (void)state;
    size_t count;
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/a.pem", key_folder_ed, 0600);
    key_folder_put("example.com/b.pem", key_folder_ed, 0600);
    struct keystore *first = key_folder_load(NULL);
    const EVP_PKEY *a = keystore_keys(first, &count)[0].pkey;
    const EVP_PKEY *b = keystore_keys(first, &count)[1].pkey;
    key_folder_put("example.com/b.pem", key_folder_rsa, 0600);
    key_folder_put("example.com/c.pem", key_folder_ed, 0600);
    struct keystore *second = key_folder_load(first);
    const struct key *keys = keystore_keys(second, &count);
    assert_int_equal(count, 3);
    assert_ptr_equal(keys[0].pkey, a);
    assert_ptr_not_equal(keys[1].pkey, b);
    assert_int_equal(keys[1].type, KEY_RSA);
    keystore_unref(first);
    assert_string_equal(keys[0].path, key_folder_path("example.com/a.pem"));
    /* a bad one never replaces a good one */
    key_folder_put("example.com/b.pem", "junk", 0600);
    key_folder_refuses(second, (const char *const[]){"b.pem", NULL});
    /* a wider mode is seen although the contents are the same */
    key_folder_put("example.com/b.pem", key_folder_rsa, 0600);
    chmod(key_folder_path("example.com/a.pem"), 0644);
    key_folder_refuses(second, (const char *const[]){"a.pem", "0644", NULL});
    chmod(key_folder_path("example.com/a.pem"), 0600);
    unlink(key_folder_path("example.com/c.pem"));
    struct keystore *third = key_folder_load(second);
    keystore_keys(third, &count);
    assert_int_equal(count, 2);
    keystore_unref(second);
    keystore_unref(third);
}

/* Whether the key's file is left alone can be told by the clock only where it is settled; else it
 * is read, and what is in it decides. */
static void keys_that_may_have_changed_are_read(void **state)
{
    (void)state;
    size_t count;
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/a.pem", key_folder_ed, 0600);
    struct keystore *first = key_folder_load(NULL);
    const EVP_PKEY *pkey = keystore_keys(first, &count)->pkey;
    const struct {
        bool settled, touched, other_text, same_key;
    } cases[] = {
        {true, false, false, true},  {true, false, true, true},   {true, true, true, false},
        {false, false, true, false}, {false, false, false, true}, {true, true, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        first->sources->file.size += cases[i].touched;
        first->sources->file.settled = cases[i].settled;
        first->sources->digest[0] ^= cases[i].other_text;
        struct keystore *second = key_folder_load(first);
        if ((keystore_keys(second, &count)->pkey == pkey) != cases[i].same_key)
            fail_msg("case %zu", i);
        first->sources->digest[0] ^= cases[i].other_text;
        first->sources->file = second->sources->file;
        keystore_unref(second);
    }
    keystore_unref(first);
}

/* Root reads keys that only root can read; the daemon's user then reloads. */
static int reload_as_somebody(const struct keystore *before)
{
    struct keystore *store;
    struct error error = {""};
    if (setgid(54321) != 0 || setuid(12345) != 0)
        return 2;
    if (!keystore_load(&key_folder_options, before, &store, &error)) {
        print_message("# %s\n", error.text);
        return strstr(error.text, "cannot be read by 12345") &&
                       strstr(error.text, "chown root:54321")
                   ? 3
                   : 4;
    }
    keystore_unref(store);
    return 0;
}

static int in_a_child(const struct keystore *before)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(reload_as_somebody(before));
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void unreadable_but_unchanged_keys_stay(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("# only root can try this\n");
        return;
    }
    key_folder_options.user = 12345;
    key_folder_options.group = 54321;
    chmod(key_folder, 0755);
    key_folder_make("example.com", 0755);
    key_folder_put("example.com/a.pem", key_folder_ed, 0600);
    struct keystore *before = key_folder_load(NULL);
    assert_int_equal(in_a_child(before), 0);
    assert_int_equal(in_a_child(NULL), 3);
    key_folder_put("example.com/a.pem", key_folder_rsa, 0600);
    assert_int_equal(in_a_child(before), 3);
    keystore_unref(before);
}

/* Enough of them for an index that is wrong, or a key that is parsed again, to show. */
static void many_keys_are_taken_over(void **state)
{
    (void)state;
    size_t count, again;
    for (int i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "d%d.example", i);
        key_folder_make(name, 0700);
        snprintf(name, sizeof name, "d%d.example/rsa.pem", i);
        key_folder_put(name, key_folder_rsa, 0600);
        snprintf(name, sizeof name, "d%d.example/ed.pem", i);
        key_folder_put(name, key_folder_ed, 0600);
    }
    struct keystore *cold = key_folder_load(NULL);
    struct keystore *warm = key_folder_load(cold);
    const struct key *first = keystore_keys(cold, &count);
    const struct key *second = keystore_keys(warm, &again);
    assert_int_equal(count, 600);
    assert_int_equal(again, 600);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(first[i].pkey, second[i].pkey);
    for (int i = 0; i < 300; i++) {
        char name[64];
        const struct key *found;
        snprintf(name, sizeof name, "d%d.example", i);
        assert_int_equal(keystore_find(warm, bytes_of(name), false, &found), 2);
        assert_string_equal(found->domain, name);
    }
    keystore_unref(cold);
    keystore_unref(warm);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_found, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(no_folder_is_an_empty_store, key_folder_begin,
                                        key_folder_end),
        cmocka_unit_test_setup_teardown(records_are_right, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(a_reload_takes_unchanged_keys_over, key_folder_begin,
                                        key_folder_end),
        cmocka_unit_test_setup_teardown(keys_that_may_have_changed_are_read, key_folder_begin,
                                        key_folder_end),
        cmocka_unit_test_setup_teardown(unreadable_but_unchanged_keys_stay, key_folder_begin,
                                        key_folder_end),
        cmocka_unit_test_setup_teardown(many_keys_are_taken_over, key_folder_begin, key_folder_end),
    };
    key_folder_new_keys();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
