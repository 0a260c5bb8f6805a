/* Asking libopendkim about signatures of our own, with the keys that we hold.
 *
 * Only signatures in a name of ours are shown to it, a few of them, and read strictly before. */
#include "dkim/verifier.h"

#include <opendkim/dkim.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "dkim/field_text.h"
#include "dkim/keystore_private.h"
#include "dkim/memory.h"
#include "dkim/sigtags.h"

/* A message of ours has a signature a key and some dozens of fields; what has more is not ours. */
#define MOST_SIGNATURES 8
#define MOST_SIGNATURE_TEXT 16384
#define MOST_FIELDS 1000
#define MOST_NAMED 512

struct verifier {
    const struct keystore *store;
    struct arena *arena;
    struct memory memory;
    DKIM *dkim;
    char end[2];
    bool body;
    bool none;   /* it is certain that no signature holds */
    bool broken; /* it cannot be found out */
};

static _Atomic(DKIM_LIB *) lib; /* NULL: it is not open yet */
static pthread_mutex_t lib_opens = PTHREAD_MUTEX_INITIALIZER;

static DKIM_CBSTAT look_up_key(DKIM *dkim, DKIM_SIGINFO *signature, unsigned char *buffer,
                               size_t size)
{
    const struct verifier *verifier = dkim_get_user_context(dkim);
    const struct key *key =
        keystore_get(verifier->store, bytes_of((const char *)dkim_sig_getdomain(signature)),
                     bytes_of((const char *)dkim_sig_getselector(signature)));
    if (!key || strlen(key->record) >= size)
        return DKIM_CBSTAT_NOTFOUND;
    snprintf((char *)buffer, size, "%s", key->record);
    return DKIM_CBSTAT_CONTINUE;
}

static DKIM_LIB *open_lib(void)
{
    DKIM_LIB *opened = dkim_init(memory_take, memory_give);
    if (!opened || dkim_set_key_lookup(opened, look_up_key) == DKIM_STAT_OK)
        return opened;
    dkim_close(opened);
    return NULL;
}

/* NULL: there is no memory for it now. */
static DKIM_LIB *opened_lib(void)
{
    DKIM_LIB *opened = lib;
    if (opened)
        return opened;
    pthread_mutex_lock(&lib_opens);
    opened = lib;
    if (!opened)
        lib = opened = open_lib();
    pthread_mutex_unlock(&lib_opens);
    return opened;
}

/* Names as libopendkim takes them, which also cuts blanks before the colon off. */
static struct bytes plain_name(const struct field *field)
{
    return bytes_trim(field->name);
}

static bool is_named(const struct field *field, struct bytes name)
{
    return bytes_equal_nocase(plain_name(field), name);
}

static bool algorithm_fits(const struct key *key, struct bytes algorithm)
{
    return bytes_equal(algorithm,
                       key->type == KEY_RSA ? BYTES("rsa-sha256") : BYTES("ed25519-sha256"));
}

/* Whether a field is a signature that we could have made: the key is ours and all of the body and
 * every From is covered. */
static bool is_ours(const struct keystore *store, const struct field *field, size_t from_count)
{
    struct sigtags tags;
    if (!is_named(field, BYTES("DKIM-Signature")) || field->value.len > MOST_SIGNATURE_TEXT ||
        !sigtags_parse(field->value, &tags) || tags.has_length)
        return false;
    const struct key *key = keystore_get(store, tags.domain, tags.selector);
    return key && algorithm_fits(key, tags.algorithm) && sigtags_field_count(&tags) <= MOST_NAMED &&
           from_count > 0 && sigtags_field_count_of(&tags, BYTES("From")) >= from_count;
}

static size_t count_from(const struct facts_header *header)
{
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++)
        count += is_named(&header->fields[i], BYTES("From"));
    return count;
}

bool verifier_wanted(const struct keystore *store, const struct facts_header *header,
                     struct arena *arena)
{
    (void)arena;
    if (!store->count || header->too_large || header->count > MOST_FIELDS)
        return false;
    size_t from_count = count_from(header);
    for (size_t i = 0; i < header->count; i++)
        if (is_ours(store, &header->fields[i], from_count))
            return true;
    return false;
}

static bool fail(struct verifier *verifier, const char *what, struct error *error)
{
    verifier->broken = true;
    return error_set(error, "DKIM: signatures cannot be verified: %s", what);
}

/* What an answer means: it goes on, no signature holds, or nobody knows. */
static bool take_answer(struct verifier *verifier, DKIM_STAT status, struct error *error)
{
    if (memory_failed(&verifier->memory))
        return fail(verifier, "memory for one message is out", error);
    if (status == DKIM_STAT_NORESOURCE || status == DKIM_STAT_INTERNAL ||
        status == DKIM_STAT_INVALID)
        return fail(verifier, dkim_getresultstr(status), error);
    if (status != DKIM_STAT_OK)
        verifier->none = true;
    return true;
}

/* What is no field for every reader (or not only one) is in no signature of ours. */
static bool feed_field(struct verifier *verifier, const struct field *field, struct error *error)
{
    size_t len = 0;
    unsigned char *buffer = arena_alloc(verifier->arena, field_text_room(field));
    if (!buffer)
        return fail(verifier, "memory for one message is out", error);
    if (plain_name(field).len && bytes_find(field->name, ':') == field->name.len)
        len = field_text(field, buffer);
    return take_answer(verifier, len ? dkim_header(verifier->dkim, buffer, len) : DKIM_STAT_SYNTAX,
                       error);
}

static bool feed_header(struct verifier *verifier, const struct facts_header *header,
                        struct error *error)
{
    size_t from_count = count_from(header);
    size_t signatures = 0;
    for (size_t i = 0; i < header->count && !verifier->none; i++) {
        const struct field *field = &header->fields[i];
        if (is_named(field, BYTES("DKIM-Signature")) &&
            (!is_ours(verifier->store, field, from_count) || ++signatures > MOST_SIGNATURES))
            continue;
        if (!feed_field(verifier, field, error))
            return false;
    }
    return verifier->none || take_answer(verifier, dkim_eoh(verifier->dkim), error);
}

bool verifier_new(const struct keystore *store, const struct facts_header *header,
                  struct arena *arena, struct verifier **ret_verifier, struct error *error)
{
    *ret_verifier = NULL;
    DKIM_STAT status;
    struct verifier *verifier = arena_alloc(arena, sizeof *verifier);
    DKIM_LIB *opened = opened_lib();
    if (!verifier || !opened)
        return error_set(error, "DKIM: signatures cannot be verified: memory is out");
    verifier->store = store;
    verifier->arena = arena;
    memory_init(&verifier->memory, arena);
    verifier->none = !verifier_wanted(store, header, arena);
    if (!verifier->none) {
        verifier->dkim = dkim_verify(opened, NULL, &verifier->memory, &status);
        if (!verifier->dkim)
            return fail(verifier, "memory for one message is out", error);
        dkim_set_user_context(verifier->dkim, verifier);
        if (!feed_header(verifier, header, error)) {
            verifier_free(verifier);
            return false;
        }
    }
    *ret_verifier = verifier;
    return true;
}

static bool feed_body(struct verifier *verifier, struct bytes chunk, struct error *error)
{
    unsigned char *bytes = (unsigned char *)(uintptr_t)chunk.data; /* only read by the library */
    return take_answer(verifier, dkim_body(verifier->dkim, bytes, chunk.len), error);
}

bool verifier_body(struct verifier *verifier, struct bytes chunk, struct error *error)
{
    if (verifier->broken)
        return fail(verifier, "it has failed before", error);
    if (!chunk.len || verifier->none)
        return true;
    verifier->end[0] = chunk.len > 1 ? chunk.data[chunk.len - 2] : verifier->end[1];
    verifier->end[1] = chunk.data[chunk.len - 1];
    verifier->body = true;
    return feed_body(verifier, chunk, error);
}

static bool find_good(struct verifier *verifier, struct bytes *ret_domain, struct error *error)
{
    DKIM_SIGINFO **signatures = NULL;
    int count = 0;
    if (dkim_getsiglist(verifier->dkim, &signatures, &count) != DKIM_STAT_OK)
        return fail(verifier, "libopendkim gives no list of them", error);
    for (int i = 0; i < count; i++) {
        DKIM_SIGINFO *signature = signatures[i];
        if (!DKIM_SIG_CHECK(signature) || dkim_sig_geterror(signature) != DKIM_SIGERROR_OK)
            continue;
        const struct key *key =
            keystore_get(verifier->store, bytes_of((const char *)dkim_sig_getdomain(signature)),
                         bytes_of((const char *)dkim_sig_getselector(signature)));
        if (!key)
            continue;
        *ret_domain = bytes_of(key->domain);
        return true;
    }
    return true;
}

bool verifier_finish(struct verifier *verifier, struct bytes *ret_domain, struct error *error)
{
    *ret_domain = (struct bytes){NULL, 0};
    if (verifier->broken)
        return fail(verifier, "it has failed before", error);
    if (!verifier->none && verifier->body && memcmp(verifier->end, "\r\n", 2) != 0 &&
        !feed_body(verifier, BYTES("\r\n"), error))
        return false;
    if (verifier->none)
        return true;
    DKIM_STAT status = dkim_eom(verifier->dkim, NULL);
    if (status != DKIM_STAT_OK && !take_answer(verifier, status, error))
        return false;
    if (!take_answer(verifier, DKIM_STAT_OK, error))
        return false;
    verifier->none = true; /* nothing may come after */
    return status != DKIM_STAT_OK || find_good(verifier, ret_domain, error);
}

/* After a failure everything is left to the arena: the library would look into lists that it has
 * not filled. */
void verifier_free(struct verifier *verifier)
{
    if (verifier && verifier->dkim && !verifier->broken)
        dkim_free(verifier->dkim);
    if (verifier)
        verifier->dkim = NULL;
}
