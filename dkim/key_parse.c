/* PEM and PKCS#8 taken apart down to OpenSSL's RSA and Ed25519 keys.
 *
 * OpenSSL 3's general decoder takes 350 us for a key that d2i_RSAPrivateKey reads in 3, and a key
 * that came through it has to be turned into an RSA object once more when libopendkim asks for one:
 * hence the functions that OpenSSL calls deprecated, here only. */

#define OPENSSL_SUPPRESS_DEPRECATED
#include "dkim/key_parse.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "dkim/our_command.h"
#include "policy/shell.h"

/* With the first OpenSSL wipes what it gives back, also where it has no secure heap. */
#define READ_FLAGS (PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)

struct block { /* of PEM */
    char *label;
    char *header;
    unsigned char *data;
    long len;
};

static void block_done(struct block *block)
{
    OPENSSL_secure_free(block->label);
    OPENSSL_secure_free(block->header);
    OPENSSL_secure_clear_free(block->data, (size_t)block->len);
    *block = (struct block){0};
}

static bool has(struct bytes text, const char *word)
{
    return text.len && memmem(text.data, text.len, word, strlen(word));
}

static bool say_encrypted(const char *path, struct error *error)
{
    struct shell_word word = shell_word(path);
    return error_set(error,
                     "the key is encrypted with a passphrase, and nobody is there to type it. Take "
                     "it off: openssl pkey -in %s -out %s.new && mv %s.new %s",
                     word.text, word.text, word.text, word.text);
}

/* What a text that holds no usable private key is instead. */
static bool say_unusable(struct bytes text, struct error *error)
{
    static const struct {
        const char *word, *is;
    } others[] = {
        {"-----BEGIN OPENSSH PRIVATE KEY-----", "an SSH key"},
        {"-----BEGIN EC PRIVATE KEY-----", "an EC key"},
        {"-----BEGIN DSA PRIVATE KEY-----", "a DSA key"},
        {"-----BEGIN PUBLIC KEY-----", "a public key; the private one is needed"},
        {"-----BEGIN RSA PUBLIC KEY-----", "a public key; the private one is needed"},
        {"-----BEGIN CERTIFICATE-----", "a certificate; the private key is needed"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (has(text, others[i].word))
            return error_set(error,
                             "this is %s. DKIM signs with RSA or Ed25519 keys: %s key new DOMAIN "
                             "makes them",
                             others[i].is, our_command());
    return error_set(error,
                     "this is no private key in PEM form: a line \"-----BEGIN PRIVATE "
                     "KEY-----\" is expected (%s key new DOMAIN makes one)",
                     our_command());
}

static bool rsa_parse(const unsigned char *data, long len, struct key *ret_key, struct error *error)
{
    RSA *rsa = d2i_RSAPrivateKey(NULL, &data, len);
    if (!rsa)
        return error_set(error, "the RSA key in it is damaged");
    ret_key->type = KEY_RSA;
    ret_key->bits = RSA_bits(rsa);
    if (ret_key->bits < KEY_RSA_LEAST_BITS || ret_key->bits > KEY_RSA_MOST_BITS) {
        RSA_free(rsa);
        return error_set(error,
                         "an RSA key of %d bits %s: %d to %d bits are needed "
                         "(%s key new DOMAIN --type rsa makes one of 2048)",
                         ret_key->bits,
                         ret_key->bits < KEY_RSA_LEAST_BITS ? "is too weak to sign with"
                                                            : "is more than receivers verify",
                         KEY_RSA_LEAST_BITS, KEY_RSA_MOST_BITS, our_command());
    }
    ret_key->pkey = EVP_PKEY_new();
    if (!ret_key->pkey || !EVP_PKEY_assign_RSA(ret_key->pkey, rsa)) {
        RSA_free(rsa);
        return error_set(error, "memory is out");
    }
    return true;
}

static bool ed25519_parse(const unsigned char *data, long len, struct key *ret_key,
                          struct error *error)
{
    ASN1_OCTET_STRING *seed = d2i_ASN1_OCTET_STRING(NULL, &data, len);
    if (seed && ASN1_STRING_length(seed) == 32)
        ret_key->pkey =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, ASN1_STRING_get0_data(seed), 32);
    if (seed)
        OPENSSL_cleanse((void *)(uintptr_t)ASN1_STRING_get0_data(seed),
                        (size_t)ASN1_STRING_length(seed));
    ASN1_OCTET_STRING_free(seed);
    ret_key->type = KEY_ED25519;
    ret_key->bits = 256;
    return ret_key->pkey ? true : error_set(error, "the Ed25519 key in it is damaged");
}

static bool pkcs8_parse(const struct block *block, struct key *ret_key, struct error *error)
{
    const unsigned char *data = block->data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &data, block->len);
    const ASN1_OBJECT *algorithm = NULL;
    const unsigned char *key = NULL;
    int len = 0;
    if (!info || !PKCS8_pkey_get0(&algorithm, &key, &len, NULL, info)) {
        PKCS8_PRIV_KEY_INFO_free(info);
        return error_set(error, "the private key in it is damaged");
    }
    bool good;
    int kind = OBJ_obj2nid(algorithm);
    if (kind == NID_rsaEncryption)
        good = rsa_parse(key, len, ret_key, error);
    else if (kind == NID_ED25519)
        good = ed25519_parse(key, len, ret_key, error);
    else
        good = error_set(error,
                         "this is a key of type %s. DKIM signs with RSA or Ed25519 keys: "
                         "%s key new DOMAIN makes them",
                         kind == NID_undef ? "unknown" : OBJ_nid2ln(kind), our_command());
    PKCS8_PRIV_KEY_INFO_free(info);
    return good;
}

static bool block_parse(const struct block *block, struct bytes text, const char *path,
                        struct key *ret_key, struct error *error)
{
    if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0 || strstr(block->header, "ENCRYPTED"))
        return say_encrypted(path, error);
    if (strcmp(block->label, "PRIVATE KEY") == 0)
        return pkcs8_parse(block, ret_key, error);
    if (strcmp(block->label, "RSA PRIVATE KEY") == 0)
        return rsa_parse(block->data, block->len, ret_key, error);
    return say_unusable(text, error);
}

/* PEM_read_bio_ex gives its decoder back with the last line of base64 in it. New ones are zeroed,
 * and the allocator takes for them what was given back last. */
static void wipe_decoder(void)
{
    EVP_ENCODE_CTX *decoders[16];
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        decoders[i] = EVP_ENCODE_CTX_new();
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        EVP_ENCODE_CTX_free(decoders[i]);
}

/* The file's only private key: with two of them nobody could say which one DNS should show. */
static bool find_block(BIO *bio, struct bytes text, struct block *ret_block, struct error *error)
{
    struct block block = {0};
    while (PEM_read_bio_ex(bio, &block.label, &block.header, &block.data, &block.len, READ_FLAGS)) {
        if (!strstr(block.label, "PRIVATE KEY")) {
            block_done(&block);
        } else if (ret_block->label) {
            block_done(&block);
            return error_set(error, "there is more than one private key in it: each belongs in a "
                                    "file of its own, named after its selector");
        } else {
            *ret_block = block;
            block = (struct block){0};
        }
    }
    if (!ret_block->label && has(text, "PRIVATE KEY-----"))
        error_set(error, "the PEM text of the key is damaged or cut short");
    else if (!ret_block->label)
        say_unusable(text, error);
    return ret_block->label != NULL;
}

static const char *record_of(struct arena *arena, const char *kind, const unsigned char *data,
                             size_t len)
{
    char *base64 = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    if (!base64)
        return NULL;
    EVP_EncodeBlock((unsigned char *)base64, data, (int)len);
    return arena_printf(arena, "v=DKIM1; k=%s; p=%s", kind, base64);
}

const char *key_record(struct arena *arena, enum key_type type, EVP_PKEY *pkey)
{
    unsigned char raw[32];
    size_t raw_len = sizeof raw;
    if (type == KEY_ED25519)
        return EVP_PKEY_get_raw_public_key(pkey, raw, &raw_len) == 1
                   ? record_of(arena, "ed25519", raw, raw_len)
                   : NULL;
    unsigned char *der = NULL;
    const RSA *rsa = EVP_PKEY_get0_RSA(pkey);
    int len = rsa ? i2d_RSA_PUBKEY(rsa, &der) : -1;
    const char *record = len > 0 ? record_of(arena, "rsa", der, (size_t)len) : NULL;
    OPENSSL_free(der);
    return record;
}

bool key_parse(struct bytes text, const char *path, struct arena *arena, struct key *ret_key,
               struct error *error)
{
    struct block block = {0};
    if (!bytes_trim(text).len)
        return error_set(error, "the file is empty");
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    if (!bio)
        return error_set(error, "memory is out");
    bool good =
        find_block(bio, text, &block, error) && block_parse(&block, text, path, ret_key, error);
    block_done(&block);
    BIO_free(bio);
    ERR_clear_error();
    wipe_decoder();
    if (!good)
        return false;
    ret_key->record = key_record(arena, ret_key->type, ret_key->pkey);
    if (ret_key->record)
        return true;
    EVP_PKEY_free(ret_key->pkey);
    ret_key->pkey = NULL;
    return error_set(error, "memory is out");
}
