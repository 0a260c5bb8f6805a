/* What is said of files that are no usable keys, and of those that others could read or write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/key_folder.h"

static void unusable_keys_are_named(void **state)
{
    (void)state;
    const char *name = "example.com/s.pem";
    const char *path = key_folder_path(name);
    key_folder_make("example.com", 0700);
    static const struct {
        const char *arguments, *word;
    } made[] = {
        {"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "1024 bits is too weak"},
        {"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2040", "2040 bits is too weak"},
        {"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "a key of type id-ecPublicKey"},
        {"ecparam -name prime256v1 -genkey -noout", "this is an EC key"},
        {"genpkey -algorithm X25519", "a key of type X25519"},
        {"genpkey -algorithm ED448", "a key of type ED448"},
        {"genpkey -algorithm ED25519 -aes-128-cbc -pass pass:x", "openssl pkey -in /tmp/"},
        {"genrsa -aes128 -traditional -passout pass:x 2048", "encrypted with a passphrase"},
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        key_folder_put(name, key_folder_openssl(made[i].arguments), 0600);
        KEY_FOLDER_REFUSES(path, made[i].word);
    }
    char text[20000];
    key_folder_put(name, "", 0600);
    KEY_FOLDER_REFUSES(path, "the file is empty");
    key_folder_put(name, " \r\n\n", 0600);
    KEY_FOLDER_REFUSES(path, "the file is empty");
    key_folder_put(name, "junk", 0600);
    KEY_FOLDER_REFUSES(path, "no private key in PEM form", "-----BEGIN PRIVATE KEY-----");
    snprintf(text, sizeof text, "%.200s", key_folder_rsa);
    key_folder_put(name, text, 0600);
    KEY_FOLDER_REFUSES(path, "damaged or cut short");
    snprintf(text, sizeof text, "%s%s", key_folder_rsa, key_folder_ed);
    key_folder_put(name, text, 0600);
    KEY_FOLDER_REFUSES(path, "more than one private key");
    key_folder_put(name, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0600);
    KEY_FOLDER_REFUSES(path, "is damaged");
    key_folder_put(name, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
                   0600);
    KEY_FOLDER_REFUSES(path, "the RSA key in it is damaged");
    key_folder_put(name,
                   "-----BEGIN PRIVATE KEY-----\nMAwCAQAwBQYDK2VwBAA=\n-----END PRIVATE KEY-----\n",
                   0600);
    KEY_FOLDER_REFUSES(path, "the Ed25519 key in it is damaged");
    key_folder_put(name,
                   "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                   0600);
    KEY_FOLDER_REFUSES(path, "an SSH key");
    key_folder_put(name, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0600);
    KEY_FOLDER_REFUSES(path, "a public key; the private one is needed");
    key_folder_put(name, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0600);
    KEY_FOLDER_REFUSES(path, "a certificate; the private key is needed");
    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    key_folder_put(name, text, 0600);
    FILE *file = fopen(path, "a");
    for (int i = 0; i < 10; i++)
        fputs(text, file);
    fclose(file);
    KEY_FOLDER_REFUSES(path, "larger than 64 KiB");
}

static void other_shapes_are_taken(void **state)
{
    (void)state;
    char text[20000];
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/a.pem", key_folder_openssl("genrsa -traditional 2048"), 0600);
    key_folder_put("example.com/b.pem", key_folder_openssl("genrsa 3072"), 0600);
    snprintf(text, sizeof text,
             "a line before\n%s-----BEGIN CERTIFICATE-----\nAAAA\n"
             "-----END CERTIFICATE-----\n",
             key_folder_ed);
    key_folder_put("example.com/c.pem", text, 0600);
    struct keystore *store = key_folder_load(NULL);
    size_t count;
    const struct key *keys = keystore_keys(store, &count);
    assert_int_equal(count, 3);
    assert_int_equal(keys[1].bits, 3072);
    keystore_unref(store);
}

static void names_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"a b.pem",      "-a.pem",  "a-.pem",  "a..b.pem",
                                      "\xc3\xa4.pem", "a;b.pem", "a\nb.pem"};
    key_folder_make("example.com", 0700);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char name[64];
        snprintf(name, sizeof name, "example.com/%s", bad[i]);
        key_folder_put(name, key_folder_ed, 0600);
        KEY_FOLDER_REFUSES("has to be a selector");
        assert_int_equal(unlink(key_folder_path(name)), 0);
    }
    key_folder_put("s1.pem", key_folder_ed, 0600);
    KEY_FOLDER_REFUSES("s1.pem is not a domain's folder", "<domain>/<selector>.pem");
    unlink(key_folder_path("s1.pem"));
    key_folder_make("not a domain", 0700);
    KEY_FOLDER_REFUSES("not a domain", "named after the domain");
    rmdir(key_folder_path("not a domain"));
    key_folder_make("EXAMPLE.COM", 0700);
    key_folder_put("EXAMPLE.COM/s.pem", key_folder_ed, 0600);
    key_folder_put("example.com/S.pem", key_folder_ed, 0600);
    KEY_FOLDER_REFUSES("two keys for one name in DNS", "example.com/S.pem", "EXAMPLE.COM/s.pem");
}

/* Sixteen keys sign; the seventeenth would be found out by the first message. Domains count by
 * themselves. */
static void keys_of_a_domain_are_counted(void **state)
{
    (void)state;
    key_folder_make("example.com", 0700);
    key_folder_make("example.net", 0700);
    key_folder_put("example.net/s.pem", key_folder_ed, 0600);
    for (int i = 0; i < 16; i++) {
        char name[64];
        snprintf(name, sizeof name, "example.com/s%d.pem", i);
        key_folder_put(name, key_folder_ed, 0600);
    }
    keystore_unref(key_folder_load(NULL));
    key_folder_put("example.com/t.pem", key_folder_ed, 0600);
    KEY_FOLDER_REFUSES("example.com/t.pem", "more than 16 keys", "take those away");
}

static void modes_are_checked(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *word;
    } bad[] = {{0644, "has mode 0644"}, {0660, "has mode 0660"}, {0604, "has mode 0604"},
               {0602, "has mode 0602"}, {0650, "has mode 0650"}, {0777, "has mode 0777"}};
    const char *path = key_folder_path("example.com/s.pem");
    char chmod_it[600];
    snprintf(chmod_it, sizeof chmod_it, "Mend it with: chmod 0640 %s", path);
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/s.pem", key_folder_ed, 0600);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(chmod(path, bad[i].mode), 0);
        KEY_FOLDER_REFUSES(path, bad[i].word, chmod_it);
    }
    assert_int_equal(chmod(path, 0640), 0);
    keystore_unref(key_folder_load(NULL));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    KEY_FOLDER_REFUSES(path, "is a link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    KEY_FOLDER_REFUSES(path, "not a regular file");
    assert_int_equal(unlink(path), 0);
    key_folder_make("example.com/s.pem", 0700);
    KEY_FOLDER_REFUSES(path, "not a regular file");
}

static void folders_are_checked(void **state)
{
    (void)state;
    char moved[128];
    key_folder_make("example.com", 0770);
    KEY_FOLDER_REFUSES(key_folder_path("example.com"), "written by its group", "mode 0770",
                       "chmod go-w /tmp/");
    chmod(key_folder_path("example.com"), 0703);
    KEY_FOLDER_REFUSES(key_folder_path("example.com"), "written by everybody", "chmod go-w");
    chmod(key_folder_path("example.com"), 0700);
    chmod(key_folder, 0777);
    KEY_FOLDER_REFUSES(key_folder, "written by everybody", "chmod go-w");
    chmod(key_folder, 0700);
    /* through a link of our own */
    snprintf(moved, sizeof moved, "%s/link", key_folder);
    key_folder_make("real", 0700);
    key_folder_make("real/example.com", 0700);
    key_folder_put("real/example.com/s.pem", key_folder_ed, 0600);
    rmdir(key_folder_path("example.com"));
    assert_int_equal(symlink("./real/../real/", moved), 0);
    key_folder_options.folder = moved;
    struct keystore *store = key_folder_load(NULL);
    size_t count;
    keystore_keys(store, &count);
    assert_int_equal(count, 1);
    keystore_unref(store);
    unlink(moved);
    assert_int_equal(symlink("link", moved), 0);
    KEY_FOLDER_REFUSES("too many links");
    key_folder_options.folder = key_folder_path("real/example.com/s.pem");
    KEY_FOLDER_REFUSES("s.pem", "is not a folder");
    key_folder_options.folder = key_folder;
    assert_int_equal(symlink("real", key_folder_path("example.com")), 0);
    KEY_FOLDER_REFUSES("example.com is not a domain's folder", "may be a link");
}

static void owners_are_checked(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("# only root can try this\n");
        return;
    }
    const char *path = key_folder_path("example.com/s.pem");
    key_folder_make("example.com", 0700);
    key_folder_put("example.com/s.pem", key_folder_ed, 0640);
    key_folder_options.user = 12345;
    key_folder_options.group = 54321;
    KEY_FOLDER_REFUSES(path, "root:root", "chown root:54321 /tmp/", "12345");
    assert_int_equal(chown(path, 0, 54321), 0);
    keystore_unref(key_folder_load(NULL));
    assert_int_equal(chown(path, 12345, 54321), 0);
    keystore_unref(key_folder_load(NULL));
    assert_int_equal(chown(path, 11111, 54321), 0);
    KEY_FOLDER_REFUSES(path, "belongs to 11111", "chown root:54321", " && chmod 0640 ");
    assert_int_equal(chown(path, 0, 54321), 0);
    assert_int_equal(chown(key_folder_path("example.com"), 11111, 0), 0);
    KEY_FOLDER_REFUSES(key_folder_path("example.com"), "belongs to 11111", "chown root /tmp/");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unusable_keys_are_named, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(other_shapes_are_taken, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(names_are_checked, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(keys_of_a_domain_are_counted, key_folder_begin,
                                        key_folder_end),
        cmocka_unit_test_setup_teardown(modes_are_checked, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(folders_are_checked, key_folder_begin, key_folder_end),
        cmocka_unit_test_setup_teardown(owners_are_checked, key_folder_begin, key_folder_end),
    };
    key_folder_new_keys();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
