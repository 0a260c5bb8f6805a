/* The signing keys: <folder>/<domain>/<selector>.pem, parsed once, shared, counted.
 *
 * A key is a regular file (not a link) that nobody but root, the daemon's user and the daemon's
 * group can read and nobody but root and the daemon's user can write, and so is every folder on its
 * path. RSA of 2048 bits and more, and Ed25519. Every key in a domain's folder is active, and
 * there are KEYS_OF_DOMAIN_MAX at most; a file whose name does not end in .pem is passed over. */
#ifndef DKIM_KEYSTORE_H
#define DKIM_KEYSTORE_H

#include <openssl/evp.h>
#include <sys/types.h>

#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/error.h"

#define KEYS_OF_DOMAIN_MAX 16 /* each signs every message of its domain */

enum key_type { KEY_RSA, KEY_ED25519 };

struct key {
    const char *domain; /* lower case A-labels */
    const char *selector;
    const char *path;
    enum key_type type;
    int bits;
    EVP_PKEY *pkey;
    const char *record; /* "v=DKIM1; k=rsa; p=..." : what DNS has to show */
};

struct keystore;

struct keystore_options {
    const char *folder;
    uid_t user; /* who the daemon runs (or will run) as */
    gid_t group;
};

/* previous may be NULL; keys whose file has not changed (policy/file_state.h) are taken over from
 * it without being read again: also such as the daemon may no longer read after it dropped its
 * privileges. Those whose text is the same are not parsed again. A folder that is not there: an
 * empty store. */
MUST_CHECK bool keystore_load(const struct keystore_options *options,
                              const struct keystore *previous, struct keystore **ret_store,
                              struct error *error);
struct keystore *keystore_ref(struct keystore *store);
void keystore_unref(struct keystore *store);

/* All keys, sorted by domain and selector. */
const struct key *keystore_keys(const struct keystore *store, size_t *ret_count);

/* The keys that sign for a domain: its own, or with parents those of the nearest parent domain that
 * has any. ret_keys points into the store. 0: none. */
size_t keystore_find(const struct keystore *store, struct bytes domain, bool parents,
                     const struct key **ret_keys);

#endif
