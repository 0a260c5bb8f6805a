/* libmilter and libopendkim, and nothing else: signs whatever comes. What the parts allow, with the
 * three measures that count: keys are parsed once, no reply that nobody needs, TCP without stalls.
 *
 *   bare_milter unix:/PATH | inet:PORT@ADDRESS DOMAIN SIGNED OVERSIGNED SELECTOR=KEYFILE...
 *
 * SIGNED and OVERSIGNED are names of fields with commas between; an RSA or Ed25519 key each. */
#include <dlfcn.h>
#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/peer.h"

#define KEYS_MAX 4
#define NAMES_MAX 100
#define SIGNATURE_MAX 4096

struct signing_key {
    const char *selector;
    char *text;
    size_t len;
    EVP_PKEY *parsed;
};

struct session {
    DKIM *handles[KEYS_MAX];
    bool failed;
};

static const char *domain;
static struct signing_key keys[KEYS_MAX];
static size_t key_count;
static DKIM_LIB *lib;
static EVP_PKEY *(*real_read)(BIO *, EVP_PKEY **, pem_password_cb *, void *);

/* What libopendkim calls for every message. */
__attribute__((visibility("default"))) EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **ret_key, pem_password_cb *ask, void *user)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    for (size_t i = 0; i < key_count; i++)
        if (keys[i].parsed && len == (long)keys[i].len &&
            memcmp(data, keys[i].text, keys[i].len) == 0)
            return EVP_PKEY_up_ref(keys[i].parsed) ? keys[i].parsed : NULL;
    return real_read(bio, ret_key, ask, user);
}

static void end_message(struct session *session)
{
    for (size_t i = 0; i < key_count; i++) {
        if (session->handles[i])
            dkim_free(session->handles[i]);
        session->handles[i] = NULL;
    }
    session->failed = false;
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)host, (void)address;
    struct session *session = calloc(1, sizeof *session);
    smfi_setpriv(context, session);
    return session ? SMFIS_NOREPLY : SMFIS_TEMPFAIL;
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
    (void)context, (void)name;
    return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
    (void)arguments;
    struct session *session = smfi_getpriv(context);
    DKIM_STAT status;
    end_message(session);
    for (size_t i = 0; i < key_count; i++) {
        dkim_alg_t algorithm = EVP_PKEY_get_base_id(keys[i].parsed) == EVP_PKEY_RSA
                                   ? DKIM_SIGN_RSASHA256
                                   : DKIM_SIGN_ED25519SHA256;
        session->handles[i] =
            dkim_sign(lib, (const unsigned char *)"bare", NULL, (unsigned char *)keys[i].text,
                      (const unsigned char *)keys[i].selector, (const unsigned char *)domain,
                      DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, algorithm, -1, &status);
        session->failed |= !session->handles[i];
    }
    return session->failed ? SMFIS_TEMPFAIL : SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
    (void)context, (void)arguments;
    return SMFIS_NOREPLY;
}

static sfsistat on_data(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
    struct session *session = smfi_getpriv(context);
    char room[2048];
    size_t before = strlen(name), behind = strlen(value), len = before + 1 + behind;
    char *field = len <= sizeof room ? room : malloc(len);
    if (field) {
        memcpy(field, name, before);
        field[before] = ':';
        memcpy(field + before + 1, value, behind);
    }
    for (size_t i = 0; i < key_count && !session->failed; i++)
        session->failed |=
            !field || dkim_header(session->handles[i], (unsigned char *)field, len) != DKIM_STAT_OK;
    if (field != room)
        free(field);
    return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *context)
{
    struct session *session = smfi_getpriv(context);
    for (size_t i = 0; i < key_count && !session->failed; i++)
        session->failed |= dkim_eoh(session->handles[i]) != DKIM_STAT_OK;
    return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t len)
{
    struct session *session = smfi_getpriv(context);
    for (size_t i = 0; i < key_count && !session->failed; i++)
        session->failed |= dkim_body(session->handles[i], chunk, len) != DKIM_STAT_OK;
    return SMFIS_NOREPLY;
}

static bool sign(SMFICTX *context, DKIM *dkim)
{
    char name[] = DKIM_SIGNHEADER, value[SIGNATURE_MAX] = " ";
    unsigned char *text;
    size_t len;
    if (dkim_eom(dkim, NULL) != DKIM_STAT_OK ||
        dkim_getsighdr_d(dkim, sizeof DKIM_SIGNHEADER + 1, &text, &len) != DKIM_STAT_OK)
        return false;
    size_t to = 1;
    for (size_t i = 0; i < len && to + 1 < sizeof value; i++)
        if (text[i] != '\r')
            value[to++] = (char)text[i];
    value[to] = '\0';
    return smfi_insheader(context, 0, name, value) == MI_SUCCESS;
}

static sfsistat on_end(SMFICTX *context)
{
    struct session *session = smfi_getpriv(context);
    for (size_t i = 0; i < key_count && !session->failed; i++)
        session->failed |= !sign(context, session->handles[i]);
    sfsistat status = session->failed ? SMFIS_TEMPFAIL : SMFIS_ACCEPT;
    end_message(session);
    return status;
}

static sfsistat on_abort(SMFICTX *context)
{
    struct session *session = smfi_getpriv(context);
    if (session)
        end_message(session);
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
    on_abort(context);
    free(smfi_getpriv(context));
    smfi_setpriv(context, NULL);
    return SMFIS_CONTINUE;
}

static bool read_key(char *argument)
{
    struct signing_key *key = &keys[key_count];
    char *path = strchr(argument, '=');
    FILE *in = path ? fopen(path + 1, "rb") : NULL;
    if (!in)
        return false;
    key->text = calloc(1, 8192);
    key->len = key->text ? fread(key->text, 1, 8191, in) : 0;
    fclose(in);
    *path = '\0';
    key->selector = argument;
    BIO *bio = BIO_new_mem_buf(key->text, (int)key->len);
    key->parsed = bio ? real_read(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    key_count++;
    return key->parsed != NULL;
}

static bool set_names(int option, char *list)
{
    const unsigned char *names[NAMES_MAX] = {NULL};
    size_t count = 0;
    for (char *name; count < NAMES_MAX - 1 && (name = strsep(&list, ","));)
        names[count++] = (unsigned char *)name;
    return dkim_options(lib, DKIM_OP_SETOPT, option, names, sizeof(unsigned char **)) ==
           DKIM_STAT_OK;
}

static bool prepare(int argc, char **argv)
{
    void *symbol = dlsym(RTLD_NEXT, "PEM_read_bio_PrivateKey");
    memcpy(&real_read, &symbol, sizeof real_read);
    lib = dkim_init(NULL, NULL);
    domain = argv[2];
    if (!lib || !real_read || !set_names(DKIM_OPTS_SIGNHDRS, argv[3]) ||
        !set_names(DKIM_OPTS_OVERSIGNHDRS, argv[4]))
        return false;
    for (int i = 5; i < argc; i++)
        if (i - 5 >= KEYS_MAX || !read_key(argv[i]))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static char name[] = "bare_milter";
    const struct smfiDesc callbacks = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_data = on_data,
        .xxfi_header = on_field,
        .xxfi_eoh = on_eoh,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_negotiate = peer_negotiate,
    };
    if (argc < 6) {
        fprintf(stderr, "usage: bare_milter SOCKET DOMAIN SIGNED OVERSIGNED SELECTOR=KEYFILE...\n");
        return 64;
    }
    if (!prepare(argc, argv)) {
        fprintf(stderr, "bare_milter: keys or names cannot be used\n");
        return 1;
    }
    return peer_listen(argv[1]) ? peer_serve(&callbacks) : 1;
}
