/* The set of keys in force: counted, sorted, searched. */
#include "dkim/keystore.h"

#include <stdlib.h>
#include <string.h>

#include "dkim/keystore_private.h"

#define MOST_TEXT ((size_t)1 << 30) /* of all paths and records: a million keys fit */

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++) {
        int difference =
            (unsigned char)bytes_lower(a.data[i]) - (unsigned char)bytes_lower(b.data[i]);
        if (difference)
            return difference;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int compare_keys(const struct key *a, const struct key *b)
{
    int difference = compare_bytes(bytes_of(a->domain), bytes_of(b->domain));
    return difference ? difference : compare_bytes(bytes_of(a->selector), bytes_of(b->selector));
}

static int compare_entries(const void *a, const void *b)
{
    const struct keystore_entry *left = a, *right = b;
    return compare_keys(&left->key, &right->key);
}

static bool refuse_twins(const struct keystore *store, struct error *error)
{
    for (size_t i = 1; i < store->count; i++) {
        const struct key *a = &store->keys[i - 1], *b = &store->keys[i];
        if (compare_keys(a, b) == 0)
            return error_set(error,
                             "%s and %s are two keys for one name in DNS (%s._domainkey.%s): "
                             "rename one of them or take it away",
                             a->path, b->path, a->selector, a->domain);
    }
    return true;
}

static bool refuse_crowds(const struct keystore *store, struct error *error)
{
    for (size_t i = 0, first = 0; i < store->count; i++) {
        const struct key *key = &store->keys[i];
        if (compare_bytes(bytes_of(store->keys[first].domain), bytes_of(key->domain)) != 0)
            first = i;
        if (i - first >= KEYS_OF_DOMAIN_MAX)
            return error_set(error,
                             "%s: %s has more than %d keys, and each signs every message: take "
                             "those away whose selectors are old",
                             key->path, key->domain, KEYS_OF_DOMAIN_MAX);
    }
    return true;
}

/* Sorts the entries into the two arrays that stay. */
static bool settle(struct keystore *store, struct error *error)
{
    size_t count = store->count;
    store->keys = calloc(count + 1, sizeof *store->keys);
    store->sources = calloc(count + 1, sizeof *store->sources);
    if (!store->keys || !store->sources) {
        free(store->keys);
        store->keys = NULL;
        return error_set(error, "memory is out");
    }
    if (count)
        qsort(store->entries, count, sizeof *store->entries, compare_entries);
    for (size_t i = 0; i < count; i++) {
        store->keys[i] = store->entries[i].key;
        store->sources[i] = store->entries[i].source;
    }
    free(store->entries);
    store->entries = NULL;
    return refuse_twins(store, error) && refuse_crowds(store, error);
}

bool keystore_load(const struct keystore_options *options, const struct keystore *previous,
                   struct keystore **ret_store, struct error *error)
{
    *ret_store = NULL;
    struct keystore *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(error, "memory is out");
    atomic_init(&store->references, 1);
    store->arena = arena_new(MOST_TEXT);
    bool good = store->arena
                    ? keystore_scan(options, previous, store, error) && settle(store, error)
                    : error_set(error, "memory is out");
    if (good)
        *ret_store = store;
    else
        keystore_unref(store);
    return good;
}

struct keystore *keystore_ref(struct keystore *store)
{
    if (store)
        atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
    return store;
}

void keystore_unref(struct keystore *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < store->count; i++)
        EVP_PKEY_free(store->keys ? store->keys[i].pkey : store->entries[i].key.pkey);
    free(store->entries);
    free(store->keys);
    free(store->sources);
    arena_free(store->arena);
    free(store);
}

const struct key *keystore_keys(const struct keystore *store, size_t *ret_count)
{
    *ret_count = store->count;
    return store->keys;
}

/* The first key that is not before the name; store->count where all are. */
static size_t lower_bound(const struct keystore *store, struct bytes domain, struct bytes selector)
{
    size_t from = 0, to = store->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct key *key = &store->keys[middle];
        int difference = compare_bytes(bytes_of(key->domain), domain);
        if (!difference)
            difference = compare_bytes(bytes_of(key->selector), selector);
        if (difference < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static size_t find_exactly(const struct keystore *store, struct bytes domain,
                           const struct key **ret_keys)
{
    size_t first = lower_bound(store, domain, BYTES(""));
    size_t count = 0;
    while (first + count < store->count &&
           compare_bytes(bytes_of(store->keys[first + count].domain), domain) == 0)
        count++;
    *ret_keys = count ? &store->keys[first] : NULL;
    return count;
}

size_t keystore_find(const struct keystore *store, struct bytes domain, bool parents,
                     const struct key **ret_keys)
{
    size_t count = find_exactly(store, domain, ret_keys);
    while (!count && parents && bytes_find(domain, '.') < domain.len) {
        domain = bytes_slice(domain, bytes_find(domain, '.') + 1, domain.len);
        count = find_exactly(store, domain, ret_keys);
    }
    return count;
}

const struct key *keystore_get(const struct keystore *store, struct bytes domain,
                               struct bytes selector)
{
    size_t at = lower_bound(store, domain, selector);
    if (at == store->count || compare_bytes(bytes_of(store->keys[at].domain), domain) != 0 ||
        compare_bytes(bytes_of(store->keys[at].selector), selector) != 0)
        return NULL;
    return &store->keys[at];
}
