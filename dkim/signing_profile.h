/* What a signing profile is made of; for signing_profile.c and signer.c only. */
#ifndef DKIM_SIGNING_PROFILE_H
#define DKIM_SIGNING_PROFILE_H

#include <opendkim/dkim.h>

#include "dkim/signer.h"

/* What a signature's h= may have at most: OpenDKIM, signing and verifying, cuts it there. */
#define SIGNING_MOST_FIELDS_TEXT ((size_t)4095)

struct signing_profile {
    DKIM_LIB *lib;
    struct signing_options options; /* but for its lists */
    dkim_canon_t header_canon;
    dkim_canon_t body_canon;
    struct arena *arena;
    struct bytes *fields; /* names that are signed; From and all of oversign among them */
    size_t field_count;
    const char **oversign; /* each name once */
    size_t oversign_count;
    size_t oversign_len; /* of ":A:B:C", their part of h= */
};

bool signing_profile_signs(const struct signing_profile *profile, struct bytes name);

#endif
