/* Feeding one message to libopendkim, once a key, and taking the signatures out of it.
 *
 * libopendkim checks its own state with assert() and goes on after some failures of memory: so
 * nothing is called after the first failure, and nothing is believed when memory was short. */
#include "dkim/signer.h"

#include <string.h>

#include "dkim/field_text.h"
#include "dkim/lend.h"
#include "dkim/memory.h"
#include "dkim/signature_text.h"
#include "dkim/signing_handle.h"
#include "dkim/signing_profile.h"

struct handle {
    DKIM *dkim;
    const struct key *key;
};

struct signer {
    const struct signing_profile *profile;
    struct arena *arena;
    struct memory memory;
    struct handle *handles;
    size_t handle_count;
    size_t from_count;  /* From fields that are signed */
    size_t field_count; /* all fields that are signed */
    size_t field_len;   /* of their names in h= */
    size_t field_room;  /* bytes that the longest of them takes */
    char end[2];        /* the last bytes of the body so far */
    bool body;          /* there was one */
    bool plain;         /* keys go in as PEM text */
    bool broken;
};

static bool break_off(struct signer *signer, struct error *error, const char *what, const char *why)
{
    signer->broken = true;
    if (memory_failed(&signer->memory))
        return error_set(error, "DKIM: memory for one message is out (%s)", what);
    return error_set(error, "DKIM: %s: %s", what, why);
}

/* Whether the library's answer can be believed. */
static bool went_well(struct signer *signer, const struct handle *handle, DKIM_STAT status,
                      const char *what, struct error *error)
{
    if (status == DKIM_STAT_OK && !memory_failed(&signer->memory))
        return true;
    const char *why = handle->dkim ? dkim_geterror(handle->dkim) : NULL;
    return break_off(signer, error, what, why && *why ? why : dkim_getresultstr(status));
}

/* The library folds differently before and after an Ed25519 signature is in the text, which breaks
 * it where folds count. Then it does not fold at all, and we do it inside b=, where they do not. */
static bool folds_badly(const struct signer *signer, const struct key *key)
{
    return key->type == KEY_ED25519 && signer->profile->header_canon == DKIM_CANON_SIMPLE;
}

static bool open_handles(struct signer *signer, const struct key *keys, struct error *error)
{
    for (size_t i = 0; i < signer->handle_count; i++) {
        struct handle *handle = &signer->handles[i];
        DKIM_STAT status = DKIM_STAT_OK;
        handle->key = &keys[i];
        if (handle->key->type == KEY_ED25519 &&
            !dkim_libfeature(signer->profile->lib, DKIM_FEATURE_ED25519))
            return break_off(signer, error, handle->key->path,
                             "this libopendkim was built without Ed25519");
        handle->dkim = signing_handle_open(signer->profile, handle->key, signer->plain,
                                           &signer->memory, &status);
        if (!went_well(signer, handle, status, "beginning to sign", error))
            return false;
        if (folds_badly(signer, handle->key))
            dkim_set_margin(handle->dkim, 0);
    }
    return true;
}

/* Counts what will be signed. */
static void count_fields(struct signer *signer, const struct facts_header *header)
{
    for (size_t i = 0; i < header->count; i++) {
        const struct field *field = &header->fields[i];
        if (!signing_profile_signs(signer->profile, field->name))
            continue;
        size_t room = field_text_room(field);
        if (room > signer->field_room)
            signer->field_room = room;
        signer->field_count++;
        signer->field_len += 1 + field->name.len;
        signer->from_count += bytes_equal_nocase(field->name, BYTES("From"));
    }
}

static const char *obstacle(struct signer *signer, const struct facts_header *header,
                            struct arena *arena)
{
    count_fields(signer, header);
    if (!signer->from_count)
        return "it has no From field";
    if (signer->field_len + signer->profile->oversign_len > SIGNING_MOST_FIELDS_TEXT + 1)
        return "it has more fields than a signature can name";
    for (size_t i = 0; i < header->count; i++) {
        struct bytes name = header->fields[i].name;
        if (signing_profile_signs(signer->profile, name) && !field_is_one(&header->fields[i]))
            return arena_printf(arena,
                                "the field %.*s has a NUL in it, or a line break that is no fold",
                                (int)name.len, name.data);
    }
    return NULL;
}

const char *signer_obstacle(const struct signing_profile *profile,
                            const struct facts_header *header, struct arena *arena)
{
    struct signer signer = {.profile = profile};
    return obstacle(&signer, header, arena);
}

static bool feed_field(struct signer *signer, const struct field *field, unsigned char *buffer,
                       struct error *error)
{
    size_t len = field_text(field, buffer);
    for (size_t i = 0; i < signer->handle_count; i++) {
        struct handle *handle = &signer->handles[i];
        if (!went_well(signer, handle, dkim_header(handle->dkim, buffer, len), "the header", error))
            return false;
    }
    return true;
}

static bool feed_header(struct signer *signer, const struct facts_header *header,
                        struct error *error)
{
    const char *why = obstacle(signer, header, signer->arena);
    if (why)
        return break_off(signer, error, "the header cannot be signed", why);
    unsigned char *buffer = arena_alloc(signer->arena, signer->field_room);
    if (!buffer)
        return break_off(signer, error, "the header", "memory for one message is out");
    for (size_t i = 0; i < header->count; i++)
        if (signing_profile_signs(signer->profile, header->fields[i].name) &&
            !feed_field(signer, &header->fields[i], buffer, error))
            return false;
    for (size_t i = 0; i < signer->handle_count; i++) {
        struct handle *handle = &signer->handles[i];
        if (!went_well(signer, handle, dkim_eoh(handle->dkim), "the end of the header", error))
            return false;
    }
    return true;
}

bool signer_new(const struct signing_profile *profile, const struct key *keys, size_t key_count,
                const struct facts_header *header, struct arena *arena, struct signer **ret_signer,
                struct error *error)
{
    *ret_signer = NULL;
    if (key_count == 0 || key_count > KEYS_OF_DOMAIN_MAX)
        return error_set(error, "DKIM: %zu keys for one domain; 1 to %d can sign", key_count,
                         KEYS_OF_DOMAIN_MAX);
    struct signer *signer = arena_alloc(arena, sizeof *signer);
    struct handle *handles = arena_alloc(arena, key_count * sizeof *handles);
    if (!signer || !handles)
        return error_set(error, "DKIM: memory for one message is out");
    signer->profile = profile;
    signer->arena = arena;
    signer->handles = handles;
    signer->handle_count = key_count;
    signer->plain = !lend_works();
    memory_init(&signer->memory, arena);
    if (!open_handles(signer, keys, error) || !feed_header(signer, header, error)) {
        signer_free(signer);
        return false;
    }
    *ret_signer = signer;
    return true;
}

static bool feed_body(struct signer *signer, struct bytes chunk, struct error *error)
{
    unsigned char *bytes = (unsigned char *)(uintptr_t)chunk.data; /* only read by the library */
    for (size_t i = 0; i < signer->handle_count; i++) {
        struct handle *handle = &signer->handles[i];
        if (!went_well(signer, handle, dkim_body(handle->dkim, bytes, chunk.len), "the body",
                       error))
            return false;
    }
    return true;
}

bool signer_body(struct signer *signer, struct bytes chunk, struct error *error)
{
    if (signer->broken)
        return error_set(error, "DKIM: signing has failed before");
    if (!chunk.len)
        return true;
    signer->end[0] = chunk.len > 1 ? chunk.data[chunk.len - 2] : signer->end[1];
    signer->end[1] = chunk.data[chunk.len - 1];
    signer->body = true;
    return feed_body(signer, chunk, error);
}

/* dkim_eom must not run out of memory with the key in its hands: it would not let go of it. What it
 * takes there are its key's buffers and four strings of 1 KiB, which double until the signature's
 * text fits. */
static size_t memory_for_end(const struct signer *signer, const struct key *key)
{
    size_t bits = key->type == KEY_RSA ? (size_t)key->bits : 512;
    size_t text = 256 + strlen(key->domain) + strlen(key->selector) + signer->field_len +
                  signer->profile->oversign_len + bits / 6;
    size_t string = 1024;
    while (string < text + text / 8)
        string *= 2;
    return 6144 + bits / 2 + 4 * (2 * string - 2048);
}

static bool take_text(struct signer *signer, struct handle *handle, struct bytes *ret_value,
                      struct error *error)
{
    unsigned char *text = NULL;
    size_t len = 0;
    DKIM_STAT status = dkim_getsighdr_d(handle->dkim, SIGNATURE_TEXT_INDENT, &text, &len);
    if (!went_well(signer, handle, status, "the signature's text", error))
        return false;
    struct bytes whole = {(char *)text, len};
    struct bytes value = signature_text(signer->arena, whole, folds_badly(signer, handle->key));
    if (!value.data)
        return break_off(signer, error, "the signature's text",
                         arena_failed(signer->arena)
                             ? "memory for one message is out"
                             : "too many fields are signed for an Ed25519 key and simple header "
                               "canonicalization; relaxed has no such limit");
    *ret_value = value;
    return true;
}

static bool take_signature(struct signer *signer, struct handle *handle, DKIM_STAT status,
                           struct signature *signature, struct error *error)
{
    signature->key = handle->key;
    return went_well(signer, handle, status, "the signature", error) &&
           take_text(signer, handle, &signature->value, error) &&
           (signature_text_covers(signature->value,
                                  signer->field_count + signer->profile->oversign_count,
                                  signer->from_count) ||
            break_off(signer, error, "the signature",
                      "it does not cover what it should: libopendkim has lost a field"));
}

/* The handle goes as soon as its signature is there: the next one can use its memory. After a
 * failed dkim_eom it is left to the arena: the library frees some things twice then. */
static bool finish_handle(struct signer *signer, struct handle *handle, struct signature *signature,
                          struct error *error)
{
    struct loan loan;
    if (!memory_reserve(&signer->memory, memory_for_end(signer, handle->key)))
        return break_off(signer, error, "the signature", "");
    lend_begin(&loan, handle->key->pkey);
    DKIM_STAT status = dkim_eom(handle->dkim, NULL);
    lend_end(&loan);
    bool good = take_signature(signer, handle, status, signature, error);
    if (status == DKIM_STAT_OK)
        dkim_free(handle->dkim);
    handle->dkim = NULL;
    lend_settle(&loan, status == DKIM_STAT_OK);
    return good;
}

bool signer_finish(struct signer *signer, const struct signature **ret_signatures,
                   size_t *ret_count, struct error *error)
{
    if (signer->broken)
        return error_set(error, "DKIM: signing has failed before");
    struct signature *signatures =
        arena_alloc(signer->arena, signer->handle_count * sizeof *signatures);
    if (!signatures)
        return break_off(signer, error, "the signature", "memory for one message is out");
    if (signer->body && memcmp(signer->end, "\r\n", 2) != 0 &&
        !feed_body(signer, BYTES("\r\n"), error))
        return false;
    for (size_t i = 0; i < signer->handle_count; i++)
        if (!finish_handle(signer, &signer->handles[i], &signatures[i], error))
            return false;
    signer->broken = true; /* nothing may come after */
    *ret_signatures = signatures;
    *ret_count = signer->handle_count;
    return true;
}

void signer_free(struct signer *signer)
{
    if (!signer)
        return;
    for (size_t i = 0; i < signer->handle_count; i++)
        if (signer->handles[i].dkim && !signer->broken)
            dkim_free(signer->handles[i].dkim);
    if (signer->plain)
        memory_wipe(&signer->memory);
}
