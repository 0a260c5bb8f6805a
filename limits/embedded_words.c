/* An admin's words on their way to the fleet. */
#include "limits/embedded_words.h"

#include <stdlib.h>
#include <string.h>

#include "limits/keeper.h"
#include "limits/record_codec.h"

#define WORDS_MAX 1000 /* in one go */

int embedded_words_put(struct embedded *embedded, MDB_txn *txn, struct bytes login,
                       const struct login_standing *standing, int64_t said)
{
    struct codec_writer writer = {.len = 0};
    struct bytes cause = bytes_slice(standing->cause, 0, LIMITS_CAUSE_MAX);
    MDB_val key = {login.len, (void *)(uintptr_t)login.data};
    codec_put(&writer, (uint64_t)said);
    codec_put(&writer, standing->state);
    codec_put(&writer, (uint64_t)standing->since);
    codec_put(&writer, (uint64_t)standing->until);
    codec_put(&writer, cause.len);
    codec_put_bytes(&writer, cause.data, cause.len);
    codec_seal(&writer);
    MDB_val value = {writer.len, writer.data};
    return mdb_put(txn, embedded->keeper->ledger.words, &key, &value, 0);
}

static bool decode(const MDB_val *key, const MDB_val *value, struct embedded_word *word)
{
    struct codec_reader reader;
    if (key->mv_size > sizeof word->name || !codec_open(&reader, value->mv_data, value->mv_size))
        return false;
    *word = (struct embedded_word){.said = (int64_t)codec_get(&reader, INT64_MAX)};
    word->standing.state = (enum login_state)codec_get(&reader, LOGIN_FROZEN);
    word->standing.since = (int64_t)codec_get(&reader, INT64_MAX);
    word->standing.until = (int64_t)codec_get(&reader, INT64_MAX);
    codec_get_bytes(&reader, word->cause, codec_get(&reader, LIMITS_CAUSE_MAX));
    word->standing.cause = bytes_of(word->cause);
    memcpy(word->name, key->mv_data, key->mv_size);
    word->login = (struct bytes){word->name, key->mv_size};
    return codec_is_done(&reader);
}

static struct embedded_word *read_all(MDB_cursor *cursor)
{
    struct embedded_word *words = NULL;
    MDB_val key, value;
    for (int i = 0; i < WORDS_MAX && !mdb_cursor_get(cursor, &key, &value, MDB_NEXT); i++) {
        struct embedded_word *word = malloc(sizeof *word);
        if (!word)
            break;
        if (decode(&key, &value, word)) {
            word->next = words;
            words = word;
        } else {
            free(word);
        }
    }
    return words;
}

struct embedded_word *embedded_words(struct embedded *embedded)
{
    struct embedded_word *words = NULL;
    MDB_cursor *cursor;
    MDB_txn *txn = embedded->keeper ? ledger_read(&embedded->keeper->ledger) : NULL;
    if (!txn)
        return NULL;
    if (!mdb_cursor_open(txn, embedded->keeper->ledger.words, &cursor)) {
        words = read_all(cursor);
        mdb_cursor_close(cursor);
    }
    ledger_read_end(&embedded->keeper->ledger, txn);
    return words;
}

void embedded_words_free(struct embedded_word *words)
{
    while (words) {
        struct embedded_word *word = words;
        words = word->next;
        free(word);
    }
}

void embedded_words_heard(struct embedded *embedded, struct embedded_word *word)
{
    pthread_mutex_lock(&embedded->lock);
    word->next = embedded->heard;
    embedded->heard = word;
    pthread_mutex_unlock(&embedded->lock);
}

static int forget(MDB_txn *txn, MDB_dbi table, const struct embedded_word *word, bool *ret_changed)
{
    struct embedded_word *now = malloc(sizeof *now);
    MDB_val key = {word->login.len, (void *)(uintptr_t)word->login.data}, value;
    int status = now ? mdb_get(txn, table, &key, &value) : MDB_NOTFOUND;
    if (!status && decode(&key, &value, now) && now->said == word->said) {
        *ret_changed = true;
        status = mdb_del(txn, table, &key, NULL);
    }
    free(now);
    return status == MDB_NOTFOUND ? 0 : status;
}

int embedded_words_forget(struct embedded *embedded, MDB_txn *txn, bool *ret_changed)
{
    int status = 0;
    pthread_mutex_lock(&embedded->lock);
    struct embedded_word *heard = embedded->heard;
    embedded->heard = NULL;
    pthread_mutex_unlock(&embedded->lock);
    /* One that stays, as the file cannot be written, is told again: the fleet has heard it. */
    for (const struct embedded_word *word = heard; word && !status; word = word->next)
        status = forget(txn, embedded->keeper->ledger.words, word, ret_changed);
    embedded_words_free(heard);
    return status;
}
