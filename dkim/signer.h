/* Signing one message with every key of its domain, by libopendkim. */
#ifndef DKIM_SIGNER_H
#define DKIM_SIGNER_H

#include "dkim/keystore.h"
#include "policy/edit.h"

/* How to sign: made once a configuration, immutable, used by many threads. */
struct signing_profile;

struct signing_options {
    bool simple_header, simple_body; /* else relaxed */
    struct texts sign_fields;        /* From and the oversigned ones are signed in any case */
    struct texts oversign_fields;    /* named in h= once more than they are there */
    int64_t expire;                  /* seconds, 0: no x= */
};

/* The considered lists that the configuration's defaults are made from. */
extern const char *const signing_default_fields[];   /* NULL-terminated */
extern const char *const signing_default_oversign[]; /* NULL-terminated */

MUST_CHECK bool signing_profile_new(const struct signing_options *options,
                                    struct signing_profile **ret_profile, struct error *error);
void signing_profile_free(struct signing_profile *profile);

/* The same without some fields, which are neither signed nor oversigned then: for one message. From
 * is signed all the same. */
MUST_CHECK bool signing_profile_without(const struct signing_profile *profile,
                                        const struct unsigned_field *names,
                                        struct signing_profile **ret_profile, struct error *error);

/* Why no signature can stand on this header block, in the arena; NULL where one can. It has no
 * From, a field that would be signed holds a NUL or a line break that is no fold, or there are more
 * fields than OpenDKIM reads in h= (4,095 bytes of names). */
const char *signer_obstacle(const struct signing_profile *profile,
                            const struct facts_header *header, struct arena *arena);

struct signer;

struct signature {
    struct bytes value; /* of the DKIM-Signature field: leading blank, folds as LF + blank, no CR */
    const struct key *key;
};

/* Begins to sign: feeds the header block as it will leave (facts_header after edit_apply) and ends
 * it. profile, keys, header and arena outlive the signer; all its memory comes from the arena. t=
 * is the time of this call. An obstacle (see above) is an error. */
MUST_CHECK bool signer_new(const struct signing_profile *profile, const struct key *keys,
                           size_t key_count, const struct facts_header *header, struct arena *arena,
                           struct signer **ret_signer, struct error *error);

/* Body bytes as the MTA hands them over (CRLF line ends), in any cuts. After a false: signer_free
 * only. */
MUST_CHECK bool signer_body(struct signer *signer, struct bytes chunk, struct error *error);

/* Ends the body (adding the final CRLF that is missing) and gives one signature a key, in the
 * arena. From is certainly in each one's h=, or it is an error. */
MUST_CHECK bool signer_finish(struct signer *signer, const struct signature **ret_signatures,
                              size_t *ret_count, struct error *error);
void signer_free(struct signer *signer);

#endif
