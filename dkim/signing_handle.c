/* Handing a key to libopendkim: as a marker for the one on loan, or as text where that does not
 * work.
 */
#include "dkim/signing_handle.h"

#include <openssl/pem.h>
#include <string.h>

#include "dkim/lend.h"

static DKIM *open_with(const struct signing_profile *profile, const struct key *key,
                       unsigned char *secret, struct memory *memory, DKIM_STAT *ret_status)
{
    dkim_alg_t algorithm = key->type == KEY_RSA ? DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256;
    return dkim_sign(profile->lib, NULL, memory, secret, (const unsigned char *)key->selector,
                     (const unsigned char *)key->domain, profile->header_canon, profile->body_canon,
                     algorithm, -1, ret_status);
}

static DKIM *open_lent(const struct signing_profile *profile, const struct key *key,
                       struct memory *memory, DKIM_STAT *ret_status)
{
    unsigned char text[256];
    memcpy(text, lend_marker(), strlen(lend_marker()) + 1);
    return open_with(profile, key, text, memory, ret_status);
}

static DKIM *open_plain(const struct signing_profile *profile, const struct key *key,
                        struct memory *memory, DKIM_STAT *ret_status)
{
    DKIM *dkim = NULL;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_secmem()); /* overwrites its text when it goes */
    if (bio && PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
        BIO_write(bio, "", 1) == 1 && BIO_get_mem_data(bio, &text) > 0)
        dkim = open_with(profile, key, (unsigned char *)text, memory, ret_status);
    BIO_free(bio);
    return dkim;
}

DKIM *signing_handle_open(const struct signing_profile *profile, const struct key *key, bool plain,
                          struct memory *memory, DKIM_STAT *ret_status)
{
    *ret_status = DKIM_STAT_NORESOURCE;
    DKIM *dkim = plain ? open_plain(profile, key, memory, ret_status)
                       : open_lent(profile, key, memory, ret_status);
    if (!dkim && *ret_status == DKIM_STAT_OK)
        *ret_status = DKIM_STAT_NORESOURCE;
    return dkim;
}
