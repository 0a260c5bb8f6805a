/* A private key out of the bytes of a PEM file, and what DNS has to show for it. */
#ifndef DKIM_KEY_PARSE_H
#define DKIM_KEY_PARSE_H

#include "dkim/keystore.h"

/* RFC 8301 3.2: signers use at least 1024 bits, should use 2048; verifiers need not know more than
 * 4096, and OpenDKIM's reads no longer record. */
#define KEY_RSA_LEAST_BITS 2048
#define KEY_RSA_MOST_BITS 4096

/* Fills type, bits, pkey (one reference) and record (in the arena) of ret_key. The error says what
 * the text is instead of a private key that can sign; it has no path in front yet, which path is
 * for the commands that mend it. The caller wipes the text. */
MUST_CHECK bool key_parse(struct bytes text, const char *path, struct arena *arena,
                          struct key *ret_key, struct error *error);

/* The record's text for a key: "v=DKIM1; k=rsa; p=..." (RFC 6376 3.6.1, RFC 8463 4). NULL when
 * memory is out. */
const char *key_record(struct arena *arena, enum key_type type, EVP_PKEY *pkey);

#endif
