/* Lets libopendkim sign with a private key that is parsed already.
 *
 * libopendkim takes the key as PEM text and parses it anew for every signature, through the dynamic
 * linker's PEM_read_bio_PrivateKey. This file defines that function for the whole process: for the
 * one text that lend_marker() gives, and only while the calling thread has a loan open, it answers
 * with a further reference to the key on loan; everything else goes on to OpenSSL's own. The marker
 * is made of random bytes of this process, and no key can be had by it outside of a loan.
 *
 * Whether it takes hold depends on how libopendkim was linked: lend_works() says so after trying it
 * once; where it is false the key's own PEM text has to be handed over. */
#ifndef DKIM_LEND_H
#define DKIM_LEND_H

#include <openssl/evp.h>
#include <stdbool.h>

struct loan {
    EVP_PKEY *key;
    bool taken; /* the library has a reference of its own now */
};

/* What to give to dkim_sign() in place of the key's text. NULL when there were no random bytes. */
const char *lend_marker(void);

/* From here to lend_end this thread's calls of the library find the key. One at a time. */
void lend_begin(struct loan *loan, EVP_PKEY *key);
void lend_end(struct loan *loan);

/* Takes back the reference that the library should have given back and has not: to be called after
 * dkim_free, or instead of it with freed = false. */
void lend_settle(struct loan *loan, bool freed);

/* True when libopendkim really asks us. The first call tries it with a throw-away key. */
bool lend_works(void);

#endif
