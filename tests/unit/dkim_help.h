/* What the tests of dkim/ share: keys in a folder of their own, messages, and libopendkim asked the
 * plain way whether a signature holds. */
#ifndef TESTS_UNIT_DKIM_HELP_H
#define TESTS_UNIT_DKIM_HELP_H

#include "dkim/keygen.h"
#include "dkim/signer.h"

struct help_keys {
    char folder[64];
    struct keystore_options options;
    struct keystore *store;
};

/* Keys for example.com: "rsa" and "ed" (or only one of them). */
void help_keys_new(struct help_keys *keys, bool rsa, bool ed25519);
void help_keys_free(struct help_keys *keys);

/* Removes a folder and everything in it. */
void help_remove(const char *folder);

struct signing_profile *help_profile(bool simple_header, bool simple_body);

/* Fields from lines "Name:value" that are separated by LF (folds: LF + blank). */
struct facts_header help_header(struct arena *arena, const char *text);

/* Signs in the cuts given (0: in one piece). NULL on failure, with the error. */
const struct signature *help_sign(const struct signing_profile *profile,
                                  const struct keystore *store, const struct facts_header *header,
                                  struct bytes body, size_t cut, struct arena *arena,
                                  size_t *ret_count, struct error *error);

/* The message as it leaves: signatures on top, CRLF everywhere, the last line ended. */
struct bytes help_message(struct arena *arena, const struct signature *signatures, size_t count,
                          const struct facts_header *header, struct bytes body);

/* Signs with both keys, which must succeed, and gives the message. */
struct bytes help_signed(const struct signing_profile *profile, const struct keystore *store,
                         const char *fields, struct bytes body, size_t cut, struct arena *arena);

/* How many signatures on a message libopendkim itself finds good, with malloc and the keys'
 * records.
 */
size_t help_good_signatures(const struct keystore *store, struct bytes message);

#endif
