/* Keys that sign nothing are found by a trial. */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/trial.h"
#include "gate/snapshot.h"
#include "tests/unit/dkim_help.h"

static struct help_keys keys;
static bool rsa_fails, ed25519_fails;
static EVP_MD_CTX *forgotten; /* by libopendkim, where it cannot sign with it */

static void *hidden(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    assert_non_null(function);
    return function;
}

int RSA_sign(int type, const unsigned char *digest, unsigned digest_len, unsigned char *signature,
             unsigned *ret_len, RSA *rsa)
{
    int (*sign)(int, const unsigned char *, unsigned, unsigned char *, unsigned *, RSA *);
    *(void **)&sign = hidden("RSA_sign");
    return rsa_fails ? 0 : sign(type, digest, digest_len, signature, ret_len, rsa);
}

int EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *ret_len,
                   const unsigned char *data, size_t len)
{
    int (*sign)(EVP_MD_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);
    *(void **)&sign = hidden("EVP_DigestSign");
    if (!ed25519_fails)
        return sign(context, signature, ret_len, data, len);
    forgotten = context;
    return 0;
}

static bool tried(struct error *error)
{
    struct signing_profile *profile = help_profile(false, false);
    bool made = signing_trial(profile, keys.store, error);
    signing_profile_free(profile);
    return made;
}

static void test_keys_that_sign(void **state)
{
    (void)state;
    struct error error;
    rsa_fails = ed25519_fails = false;
    assert_true(tried(&error));
}

static void test_keys_that_do_not(void **state)
{
    (void)state;
    struct error error;
    rsa_fails = true;
    assert_false(tried(&error));
    assert_non_null(strstr(error.text, "/example.com/rsa.pem: no message could be signed with it"));
    rsa_fails = false;
    ed25519_fails = true;
    assert_false(tried(&error));
    assert_non_null(strstr(error.text, "/example.com/ed.pem: no message could be signed with it"));
    EVP_MD_CTX_free(forgotten);
}

static bool loads(const char *policies)
{
    char path[128];
    struct error error;
    struct snapshot *snapshot = NULL;
    snprintf(path, sizeof path, "%s.conf", keys.folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "domains = [ \"example.com\" ];\nuser = \"\";\ndkim: { keys = \"%s\"; };\npolicies: { "
            "%s };\n",
            keys.folder, policies);
    fclose(file);
    bool loaded = snapshot_load(path, NULL, &snapshot, &error);
    if (!loaded)
        assert_non_null(strstr(error.text, "no message could be signed with it"));
    snapshot_unref(snapshot);
    unlink(path);
    return loaded;
}

static void test_keys_that_nobody_signs_with(void **state)
{
    (void)state;
    ed25519_fails = false;
    rsa_fails = true;
    assert_false(loads(""));
    assert_true(loads("submission: { dkim: { mode = \"off\"; }; };"
                      "local: { dkim: { mode = \"off\"; }; };"));
    rsa_fails = false;
    assert_true(loads(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_that_sign),
        cmocka_unit_test(test_keys_that_do_not),
        cmocka_unit_test(test_keys_that_nobody_signs_with),
    };
    help_keys_new(&keys, true, true);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    help_keys_free(&keys);
    return failed;
}
