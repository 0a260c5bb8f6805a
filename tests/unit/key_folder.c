/* A folder of keys, filled, loaded and refused by tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/dkim_help.h"
#include "tests/unit/key_folder.h"

char key_folder[64];
struct keystore_options key_folder_options;
char key_folder_rsa[8192], key_folder_ed[1024];

int key_folder_begin(void **state)
{
    (void)state;
    strcpy(key_folder, "/tmp/submilter-store-XXXXXX");
    key_folder_options =
        (struct keystore_options){.folder = key_folder, .user = geteuid(), .group = getegid()};
    return mkdtemp(key_folder) ? 0 : -1;
}

int key_folder_end(void **state)
{
    (void)state;
    help_remove(key_folder);
    return 0;
}

const char *key_folder_path(const char *name)
{
    static char path[4][512];
    static unsigned turn;
    char *at = path[turn++ % 4];
    snprintf(at, sizeof path[0], "%s/%s", key_folder, name);
    return at;
}

void key_folder_put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(key_folder_path(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(key_folder_path(name), mode), 0);
}

void key_folder_make(const char *name, mode_t mode)
{
    assert_int_equal(mkdir(key_folder_path(name), 0700), 0);
    assert_int_equal(chmod(key_folder_path(name), mode), 0);
}

struct keystore *key_folder_load(const struct keystore *previous)
{
    struct keystore *store;
    struct error error = {""};
    if (!keystore_load(&key_folder_options, previous, &store, &error))
        print_message("# %s\n", error.text);
    assert_non_null(store);
    return store;
}

/* The load fails with all of these words. */
void key_folder_refuses(const struct keystore *previous, const char *const *words)
{
    struct keystore *store;
    struct error error = {""};
    assert_false(keystore_load(&key_folder_options, previous, &store, &error));
    assert_null(store);
    for (; *words; words++) {
        if (!strstr(error.text, *words))
            print_message("# \"%s\" is not in: %s\n", *words, error.text);
        assert_non_null(strstr(error.text, *words));
    }
}

const char *key_folder_output(const char *command)
{
    static char text[16384];
    FILE *pipe = popen(command, "r");
    size_t len = fread(text, 1, sizeof text - 1, pipe);
    text[len] = '\0';
    pclose(pipe);
    return text;
}

/* A key as other programs write it. */
const char *key_folder_openssl(const char *arguments)
{
    char command[512];
    snprintf(command, sizeof command, "openssl %s 2>/dev/null", arguments);
    return key_folder_output(command);
}

void key_folder_new_keys(void)
{
    umask(0022);
    strcpy(key_folder_rsa,
           key_folder_openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"));
    strcpy(key_folder_ed, key_folder_openssl("genpkey -algorithm ED25519"));
}
