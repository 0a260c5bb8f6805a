/* Keys, messages and a plain verifier for the tests of dkim/. */
#include "tests/unit/dkim_help.h"
#include "dkim/lend.h"

#include <assert.h>
#include <ftw.h>
#include <opendkim/dkim.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

void help_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make(const struct help_keys *keys, const char *selector, enum key_type type)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    struct keygen_options options = {
        .place = keys->options, .domain = "example.com", .selector = selector, .type = type};
    const char *path;
    struct error error;
    bool made = keygen_make(&options, arena, &path, &error);
    if (!made)
        fprintf(stderr, "# %s\n", error.text);
    assert(made);
    arena_free(arena);
}

void help_keys_new(struct help_keys *keys, bool rsa, bool ed25519)
{
    struct error error;
    strcpy(keys->folder, "/tmp/submilter-keys-XXXXXX");
    bool made = mkdtemp(keys->folder) != NULL;
    assert(made);
    keys->options =
        (struct keystore_options){.folder = keys->folder, .user = geteuid(), .group = getegid()};
    if (rsa)
        make(keys, "rsa", KEY_RSA);
    if (ed25519)
        make(keys, "ed", KEY_ED25519);
    bool loaded = keystore_load(&keys->options, NULL, &keys->store, &error);
    if (!loaded)
        fprintf(stderr, "# %s\n", error.text);
    assert(loaded);
}

void help_keys_free(struct help_keys *keys)
{
    keystore_unref(keys->store);
    help_remove(keys->folder);
}

static struct texts count_texts(const char *const *items)
{
    struct texts texts = {.items = items};
    while (items[texts.count])
        texts.count++;
    return texts;
}

static bool went_plain;

struct signing_profile *help_profile(bool simple_header, bool simple_body)
{
    struct signing_options options = {.simple_header = simple_header,
                                      .simple_body = simple_body,
                                      .sign_fields = count_texts(signing_default_fields),
                                      .oversign_fields = count_texts(signing_default_oversign)};
    struct signing_profile *profile;
    struct error error;
    bool made = signing_profile_new(&options, &profile, &error);
    if (!made)
        fprintf(stderr, "# %s\n", error.text);
    assert(made);
    went_plain = !lend_works();
    return profile;
}

static size_t field_end(const char *text)
{
    size_t at = 0;
    for (;; at++) {
        at += strcspn(text + at, "\n");
        if (text[at] == '\0' || (text[at + 1] != ' ' && text[at + 1] != '\t'))
            return at;
    }
}

struct facts_header help_header(struct arena *arena, const char *text)
{
    struct field *fields = arena_alloc(arena, (strlen(text) / 2 + 1) * sizeof *fields);
    struct facts_header header = {.fields = fields};
    while (*text) {
        size_t end = field_end(text);
        struct bytes all = {text, end};
        size_t colon = bytes_find(all, ':');
        fields[header.count++] =
            (struct field){.name = arena_bytes(arena, bytes_slice(all, 0, colon)),
                           .value = arena_bytes(arena, bytes_slice(all, colon + 1, end))};
        header.size += end;
        text += end + (text[end] == '\n');
    }
    return header;
}

static bool feed(struct signer *signer, struct bytes body, size_t cut, struct error *error)
{
    size_t step = cut ? cut : body.len;
    for (size_t at = 0; at < body.len; at += step) {
        struct bytes piece = bytes_slice(body, at, at + step);
        char *exact = malloc(piece.len); /* so that ASan sees a read behind it */
        if (piece.len)
            memcpy(exact, piece.data, piece.len);
        bool good = signer_body(signer, (struct bytes){exact, piece.len}, error);
        free(exact);
        if (!good)
            return false;
    }
    return true;
}

const struct signature *help_sign(const struct signing_profile *profile,
                                  const struct keystore *store, const struct facts_header *header,
                                  struct bytes body, size_t cut, struct arena *arena,
                                  size_t *ret_count, struct error *error)
{
    const struct key *keys;
    const struct signature *signatures = NULL;
    struct signer *signer;
    size_t count = keystore_find(store, BYTES("example.com"), false, &keys);
    if (!signer_new(profile, keys, count, header, arena, &signer, error))
        return NULL;
    bool good =
        feed(signer, body, cut, error) && signer_finish(signer, &signatures, ret_count, error);
    signer_free(signer);
    return good ? signatures : NULL;
}

static void put(char *buffer, size_t *len, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
            buffer[(*len)++] = '\r';
        buffer[(*len)++] = text.data[i];
    }
}

struct bytes help_message(struct arena *arena, const struct signature *signatures, size_t count,
                          const struct facts_header *header, struct bytes body)
{
    size_t room = body.len + 16, len = 0;
    for (size_t i = 0; i < count; i++)
        room += 2 * signatures[i].value.len + 32;
    for (size_t i = 0; i < header->count; i++)
        room += 2 * header->fields[i].value.len + header->fields[i].name.len + 16;
    char *buffer = arena_alloc(arena, room);
    assert(buffer);
    for (size_t i = 0; i < count; i++) {
        put(buffer, &len, BYTES("DKIM-Signature:"));
        put(buffer, &len, signatures[i].value);
        put(buffer, &len, BYTES("\n"));
    }
    for (size_t i = 0; i < header->count; i++) {
        put(buffer, &len, header->fields[i].name);
        put(buffer, &len, BYTES(":"));
        put(buffer, &len, header->fields[i].value);
        put(buffer, &len, BYTES("\n"));
    }
    put(buffer, &len, BYTES("\n"));
    if (body.len)
        memcpy(buffer + len, body.data, body.len);
    len += body.len;
    if (body.len && !bytes_end_with_nocase(body, BYTES("\r\n")))
        put(buffer, &len, BYTES("\n"));
    return (struct bytes){buffer, len};
}

struct bytes help_signed(const struct signing_profile *profile, const struct keystore *store,
                         const char *fields, struct bytes body, size_t cut, struct arena *arena)
{
    struct error error = {""};
    size_t count = 0;
    struct facts_header header = help_header(arena, fields);
    const struct signature *signatures =
        help_sign(profile, store, &header, body, cut, arena, &count, &error);
    if (!signatures)
        fprintf(stderr, "# %s\n", error.text);
    assert(signatures && count == 2);
    return help_message(arena, signatures, count, &header, body);
}

static const struct keystore *asked;

static DKIM_CBSTAT look_up(DKIM *dkim, DKIM_SIGINFO *signature, unsigned char *buffer, size_t size)
{
    size_t count;
    const struct key *keys = keystore_keys(asked, &count);
    (void)dkim;
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].domain, (const char *)dkim_sig_getdomain(signature)) == 0 &&
            strcmp(keys[i].selector, (const char *)dkim_sig_getselector(signature)) == 0) {
            snprintf((char *)buffer, size, "%s", keys[i].record);
            return DKIM_CBSTAT_CONTINUE;
        }
    return DKIM_CBSTAT_NOTFOUND;
}

/* The length of the field at the beginning of a text, without its line end. */
static size_t one_field(struct bytes text)
{
    size_t at = 0;
    for (;; at += 2) {
        at += bytes_find_nocase(bytes_slice(text, at, text.len), BYTES("\r\n"));
        if (at + 2 >= text.len || (text.data[at + 2] != ' ' && text.data[at + 2] != '\t'))
            return at;
    }
}

/* Not dkim_chunk, which has no room for fields over 64 KiB. */
static DKIM_STAT feed_message(DKIM *dkim, char *copy, size_t len)
{
    struct bytes rest = {copy, len};
    DKIM_STAT status = DKIM_STAT_OK;
    while (status == DKIM_STAT_OK && rest.len && rest.data[0] != '\r') {
        size_t end = one_field(rest);
        status = dkim_header(dkim, (unsigned char *)copy + (rest.data - copy), end);
        rest = bytes_slice(rest, end + 2, rest.len);
    }
    if (status == DKIM_STAT_OK)
        status = dkim_eoh(dkim);
    rest = bytes_slice(rest, 2, rest.len);
    if (status == DKIM_STAT_OK && rest.len)
        status = dkim_body(dkim, (unsigned char *)copy + (rest.data - copy), rest.len);
    return status == DKIM_STAT_OK ? dkim_eom(dkim, NULL) : status;
}

size_t help_good_signatures(const struct keystore *store, struct bytes message)
{
    static DKIM_LIB *lib;
    size_t good = 0;
    DKIM_STAT status;
    DKIM_SIGINFO **list;
    int count = 0;
    if (!lib) {
        lib = dkim_init(NULL, NULL);
        dkim_set_key_lookup(lib, look_up);
    }
    asked = store;
    DKIM *dkim = dkim_verify(lib, (const unsigned char *)"test", NULL, &status);
    char *copy = malloc(message.len);
    memcpy(copy, message.data, message.len);
    if (feed_message(dkim, copy, message.len) == DKIM_STAT_OK &&
        dkim_getsiglist(dkim, &list, &count) == DKIM_STAT_OK)
        for (int i = 0; i < count; i++)
            good += DKIM_SIG_CHECK(list[i]);
    free(copy);
    dkim_free(dkim);
    return good;
}

/* libopendkim 2.11.0~beta2 loses every Ed25519 key that it has parsed itself: not our leak. (Asked
 * at exit, when OpenSSL has gone already.) */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return went_plain;
}
