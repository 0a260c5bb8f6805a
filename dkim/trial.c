/* One signature with one key of each type. */
#include "dkim/trial.h"

#include "policy/shell.h"

#define TRIAL_ARENA ((size_t)1 << 20)

static bool sign_with(const struct signing_profile *profile, const struct key *key,
                      struct arena *arena, struct error *error)
{
    const struct field from = {
        .name = BYTES("From"), .value = BYTES(" <trial@submilter.invalid>"), .instance = 1};
    const struct facts_header header = {.fields = &from, .count = 1};
    struct signer *signer;
    const struct signature *signatures;
    size_t count;
    if (!signer_new(profile, key, 1, &header, arena, &signer, error))
        return false;
    bool made = signer_body(signer, BYTES("A trial.\r\n"), error) &&
                signer_finish(signer, &signatures, &count, error);
    signer_free(signer);
    return made;
}

bool signing_trial(const struct signing_profile *profile, const struct keystore *store,
                   struct error *error)
{
    size_t count;
    bool tried[] = {[KEY_RSA] = false, [KEY_ED25519] = false};
    const struct key *keys = keystore_keys(store, &count);
    struct arena *arena = arena_new(TRIAL_ARENA);
    bool made = arena || error_set(error, "out of memory");
    for (size_t i = 0; made && i < count; i++) {
        if (tried[keys[i].type])
            continue;
        tried[keys[i].type] = true;
        made = sign_with(profile, &keys[i], arena, error) ||
               error_prefix(error,
                            "%s: no message could be signed with it; take it away if openssl.cnf "
                            "does not allow such keys, else try again: ",
                            shell_word(keys[i].path).text);
        arena_clear(arena);
    }
    arena_free(arena);
    return made;
}
