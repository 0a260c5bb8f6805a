/* Trying once whether libopendkim takes a key on loan, and what it forgets to give back. */

#include "dkim/lend.h"

#include <opendkim/dkim.h>
#include <pthread.h>

#include "dkim/memory.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool works;
static bool
    forgets_ed25519; /* libopendkim 2.11.0~beta2 keeps its reference to such a key for good */

static void note_free(void *parent, void *note, CRYPTO_EX_DATA *data, int index, long argl,
                      void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    if (note)
        *(bool *)note = true;
}

static bool sign_once(DKIM *dkim, struct loan *loan, EVP_PKEY *key)
{
    unsigned char from[] = "From: a@b.example";
    if (dkim_header(dkim, from, sizeof from - 1) != DKIM_STAT_OK || dkim_eoh(dkim) != DKIM_STAT_OK)
        return false;
    lend_begin(loan, key);
    bool done = dkim_eom(dkim, NULL) == DKIM_STAT_OK;
    lend_end(loan);
    return done && loan->taken;
}

static bool try_library(DKIM_LIB *lib, struct memory *memory, EVP_PKEY *key)
{
    struct loan loan = {0};
    DKIM_STAT status;
    unsigned char text[128];
    if (!dkim_libfeature(lib, DKIM_FEATURE_ED25519) || !lend_marker())
        return false;
    snprintf((char *)text, sizeof text, "%s", lend_marker());
    DKIM *dkim =
        dkim_sign(lib, (const unsigned char *)"try", memory, text, (const unsigned char *)"s",
                  (const unsigned char *)"b.example", DKIM_CANON_RELAXED, DKIM_CANON_RELAXED,
                  DKIM_SIGN_ED25519SHA256, -1, &status);
    if (!dkim)
        return false;
    bool signed_it = sign_once(dkim, &loan, key);
    dkim_free(dkim);
    return signed_it;
}

/* The key's free callback shows whether the library still holds on to it when we have let go. */
static void try_key(DKIM_LIB *lib, struct memory *memory)
{
    bool gone = false;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL, note_free);
    bool noted = key && index >= 0 && EVP_PKEY_set_ex_data(key, index, &gone);
    bool signed_it = noted && try_library(lib, memory, key);
    EVP_PKEY_free(key);
    if (signed_it && !gone) {
        forgets_ed25519 = true;
        EVP_PKEY_free(key);
    }
    if (index >= 0)
        CRYPTO_free_ex_index(CRYPTO_EX_INDEX_EVP_PKEY, index);
    works = signed_it;
}

static void try_once(void)
{
    struct arena *arena = arena_new((size_t)1024 * 1024);
    DKIM_LIB *lib = arena ? dkim_init(memory_take, memory_give) : NULL;
    struct memory memory;
    memory_init(&memory, arena);
    if (lib) {
        try_key(lib, &memory);
        dkim_close(lib);
    }
    arena_free(arena);
}

bool lend_works(void)
{
    pthread_once(&once, try_once);
    return works;
}

void lend_settle(struct loan *loan, bool freed)
{
    if (!loan->taken)
        return;
    loan->taken = false;
    bool ed25519 = EVP_PKEY_get_base_id(loan->key) == EVP_PKEY_ED25519;
    if (!freed || (ed25519 && forgets_ed25519))
        EVP_PKEY_free(loan->key);
}
