/* Making keys, and showing what DNS has to say of them: the work of `submilterctl key`. */
#ifndef DKIM_KEYGEN_H
#define DKIM_KEYGEN_H

#include <stdio.h>
#include <time.h>

#include "dkim/keystore.h"

#define KEYGEN_RSA_BITS 2048

/* "s20261121r" or "s20261121e": the day (UTC) and the kind, so that a later key has another name.
 */
struct keygen_selector {
    char text[24];
};
struct keygen_selector keygen_default_selector(time_t now, enum key_type type);

struct keygen_options {
    struct keystore_options place; /* as the daemon reads keys */
    const char *domain;            /* U-labels or A-labels */
    const char *selector;
    enum key_type type;
};

/* Makes <folder>/<domain>/<selector>.pem, and the two folders where they are missing. As root and
 * with a group other than root's, the key is root's with mode 0640 for that group and the folders
 * 0750; else 0600 and 0700. A key that is there is never overwritten; after an error, and after a
 * power failure, there is either the whole key or none. ret_path is in the arena. */
MUST_CHECK bool keygen_make(const struct keygen_options *options, struct arena *arena,
                            const char **ret_path, struct error *error);

/* The key's TXT record for a zone file in BIND's form (strings of at most 255 bytes), and as one
 * plain name and value. */
void keygen_print_records(const struct key *key, FILE *out);

#endif
