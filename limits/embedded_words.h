/* What an admin said of logins while the fleet's store was gone: it holds on this host at once, and
 * is kept in its file until the daemon has told the fleet. */
#ifndef LIMITS_EMBEDDED_WORDS_H
#define LIMITS_EMBEDDED_WORDS_H

#include <lmdb.h>

#include "limits/embedded.h"

struct embedded_word {
    struct embedded_word *next;
    int64_t said; /* milliseconds since 1970 */
    struct login_standing standing;
    struct bytes login; /* as embedded_name has it */
    char cause[LIMITS_CAUSE_MAX + 1];
    char name[LIMITS_NAME_MAX];
};

/* For whoever writes the standing itself. An LMDB status. */
int embedded_words_put(struct embedded *embedded, MDB_txn *txn, struct bytes login,
                       const struct login_standing *standing, int64_t said);

/* Those that the fleet has not heard of, at most 1000 of them, for embedded_words_free. NULL: none,
 * or they cannot be read just now. Does not wait for the disk to write. */
struct embedded_word *embedded_words(struct embedded *embedded);
void embedded_words_free(struct embedded_word *words);

/* The fleet has heard it: takes the word out of its list and has it forgotten at the next round of
 * writing, unless the admin has said something else meanwhile. */
void embedded_words_heard(struct embedded *embedded, struct embedded_word *word);

/* In a round of writing. An LMDB status. */
int embedded_words_forget(struct embedded *embedded, MDB_txn *txn, bool *ret_changed);

#endif
