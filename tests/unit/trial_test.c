/* Keys that sign nothing are found by a trial. */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dkim/trial.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_that_sign),
        cmocka_unit_test(test_keys_that_do_not),
    };
    help_keys_new(&keys, true, true);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    help_keys_free(&keys);
    return failed;
}
