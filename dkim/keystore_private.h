/* What a key store is made of; for keystore.c and keystore_scan.c only. */
#ifndef DKIM_KEYSTORE_PRIVATE_H
#define DKIM_KEYSTORE_PRIVATE_H

#include <stdatomic.h>

#include "dkim/key_path.h"
#include "policy/file_state.h"

/* What a key was read from. */
struct key_source {
    struct file_state file;
    unsigned char digest[32]; /* SHA-256 of its text */
};

struct keystore_entry {
    struct key key;
    struct key_source source;
};

struct keystore {
    atomic_size_t references;
    struct arena *arena;            /* the keys' texts */
    struct keystore_entry *entries; /* while it is being filled */
    struct key *keys;               /* sorted by domain and selector */
    struct key_source *sources;     /* sources[i] is what keys[i] was read from */
    size_t count;
    size_t room;
};

/* Fills an empty store's entries from the folder. */
MUST_CHECK bool keystore_scan(const struct keystore_options *options,
                              const struct keystore *previous, struct keystore *store,
                              struct error *error);

/* The key of that name, selectors compared without case; NULL: there is none. */
const struct key *keystore_get(const struct keystore *store, struct bytes domain,
                               struct bytes selector);

#endif
