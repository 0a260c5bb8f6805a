/* The process-wide PEM_read_bio_PrivateKey, which knows one text that is no key but stands for one.
 */

#include "dkim/lend.h"

#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MARKER_BYTES 32

typedef EVP_PKEY *read_function(BIO *bio, EVP_PKEY **key, pem_password_cb *ask, void *user);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char marker[16 + 2 * MARKER_BYTES + 16]; /* empty until made, and when that failed */
static read_function *real_read;
static _Thread_local struct loan *current;

/* The five dashes make libopendkim take it for PEM; no PEM text goes on like this. */
static void make_marker(void)
{
    unsigned char random[MARKER_BYTES];
    void *symbol = dlsym(RTLD_NEXT, "PEM_read_bio_PrivateKey");
    memcpy(&real_read, &symbol, sizeof real_read);
    if (RAND_bytes(random, sizeof random) != 1)
        return;
    char *at = marker + sprintf(marker, "-----LENT KEY ");
    for (size_t i = 0; i < sizeof random; i++)
        at += sprintf(at, "%02x", random[i]);
    sprintf(at, "-----\n");
}

const char *lend_marker(void)
{
    pthread_once(&once, make_marker);
    return *marker ? marker : NULL;
}

void lend_begin(struct loan *loan, EVP_PKEY *key)
{
    *loan = (struct loan){.key = key};
    current = loan;
}

void lend_end(struct loan *loan)
{
    (void)loan;
    current = NULL;
}

static bool is_marker(BIO *bio)
{
    char *data = NULL;
    if (!current || !lend_marker() || BIO_method_type(bio) != BIO_TYPE_MEM)
        return false;
    long len = BIO_get_mem_data(bio, &data);
    return len == (long)strlen(marker) && data && memcmp(data, marker, (size_t)len) == 0;
}

__attribute__((visibility("default"))) EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **ret_key, pem_password_cb *ask, void *user)
{
    pthread_once(&once, make_marker);
    if (is_marker(bio)) {
        if (current->taken || !EVP_PKEY_up_ref(current->key))
            return NULL;
        current->taken = true;
        return current->key;
    }
    return real_read ? real_read(bio, ret_key, ask, user) : NULL;
}
