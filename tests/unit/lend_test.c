/* The process-wide PEM_read_bio_PrivateKey: a key on loan for its marker, OpenSSL's for the rest.
 */
#include <openssl/pem.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dkim/lend.h"

static EVP_PKEY *read_text(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

static void real_keys_are_read_as_ever(void **state)
{
    (void)state;
    struct loan loan;
    char *text;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    BIO_write(bio, "", 1);
    BIO_get_mem_data(bio, &text);
    EVP_PKEY *again = read_text(text);
    assert_int_equal(EVP_PKEY_eq(key, again), 1);
    EVP_PKEY_free(again);
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    lend_begin(&loan, other); /* also while another is on loan */
    again = read_text(text);
    lend_end(&loan);
    assert_false(loan.taken);
    assert_int_equal(EVP_PKEY_eq(key, again), 1);
    EVP_PKEY_free(again);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    BIO_free(bio);
    assert_null(read_text("junk"));
    assert_null(read_text(""));
}

static void nothing_is_lent_without_a_loan(void **state)
{
    (void)state;
    struct loan loan;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_null(read_text(lend_marker()));
    lend_begin(&loan, key);
    lend_end(&loan);
    assert_null(read_text(lend_marker()));
    EVP_PKEY_free(key);
}

static void a_loan_is_one_reference(void **state)
{
    (void)state;
    struct loan loan;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    lend_begin(&loan, key);
    assert_ptr_equal(read_text(lend_marker()), key);
    assert_true(loan.taken);
    assert_null(read_text(lend_marker()));
    lend_end(&loan);
    lend_settle(&loan, false);
    lend_settle(&loan, false);
    EVP_PKEY_free(key);
}

static void nearly_the_marker_is_not_the_marker(void **state)
{
    (void)state;
    struct loan loan;
    char text[256];
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    lend_begin(&loan, key);
    size_t len = strlen(lend_marker());
    for (size_t i = 0; i < len; i++) {
        strcpy(text, lend_marker());
        text[i] ^= 1;
        assert_null(read_text(text));
    }
    strcpy(text, lend_marker());
    strcat(text, "x");
    assert_null(read_text(text));
    text[len - 1] = '\0';
    assert_null(read_text(text));
    assert_false(loan.taken);
    lend_end(&loan);
    EVP_PKEY_free(key);
}

static void *read_elsewhere(void *unused)
{
    (void)unused;
    return read_text(lend_marker());
}

static void a_loan_is_for_its_own_thread(void **state)
{
    (void)state;
    struct loan loan;
    pthread_t thread;
    void *found = &loan;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    lend_begin(&loan, key);
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, NULL), 0);
    assert_int_equal(pthread_join(thread, &found), 0);
    assert_null(found);
    assert_false(loan.taken);
    lend_end(&loan);
    EVP_PKEY_free(key);
}

static void libopendkim_takes_it(void **state)
{
    (void)state;
    assert_true(lend_works());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_keys_are_read_as_ever),
        cmocka_unit_test(nothing_is_lent_without_a_loan),
        cmocka_unit_test(a_loan_is_one_reference),
        cmocka_unit_test(nearly_the_marker_is_not_the_marker),
        cmocka_unit_test(a_loan_is_for_its_own_thread),
        cmocka_unit_test(libopendkim_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
