/* What submilterctl asks: it reads and writes the file, and the daemon takes up what it finds there
 * (keeper_refresh). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "limits/embedded_words.h"
#include "limits/keeper.h"
#include "limits/record_codec.h"

#define LEARN_BATCH 5000 /* correspondents a transaction */

static bool has_file(const struct embedded *embedded, struct error *error)
{
    return embedded->keeper || error_set(error, "the counters are kept in memory alone");
}

static bool check(const struct embedded *embedded, int status, struct error *error)
{
    return !status ||
           error_set(error, "%s: %s", embedded->keeper->ledger.folder, ledger_reason(status));
}

static bool fail_to_read(const struct embedded *embedded, struct error *error)
{
    return error_set(error, "%s: the counters cannot be read just now",
                     embedded->keeper->ledger.folder);
}

static bool begin_read(struct embedded *embedded, MDB_txn **ret_txn, struct error *error)
{
    if (!has_file(embedded, error))
        return false;
    keeper_sync(embedded->keeper);
    *ret_txn = ledger_read(&embedded->keeper->ledger);
    return *ret_txn || fail_to_read(embedded, error);
}

static int set_standing(struct embedded *embedded, MDB_txn *txn, struct bytes login,
                        const struct login_standing *to, bool for_fleet)
{
    struct standing standing;
    int64_t now = embedded_wall_clock();
    int status = keeper_get_standing(embedded->keeper, txn, login, &standing);
    if (status == MDB_NOTFOUND)
        standing = (struct standing){0};
    else if (status)
        return status;
    standing_set(&standing, to, now);
    status = keeper_put_standing(embedded->keeper, txn, login, &standing);
    if (!status && for_fleet)
        status = embedded_words_put(embedded, txn, login, to, now);
    return status;
}

bool embedded_set_standing(struct embedded *embedded, struct bytes login,
                           const struct login_standing *standing, bool for_fleet,
                           struct error *error)
{
    struct named_key name;
    MDB_txn *txn;
    if (!has_file(embedded, error))
        return false;
    if (!embedded_key(embedded, SUBJECT_LOGIN, login, &name))
        return error_set(error, "a login's name is needed");
    int status = ledger_write(&embedded->keeper->ledger, &txn);
    if (!status)
        status = ledger_write_end(&embedded->keeper->ledger, txn,
                                  set_standing(embedded, txn, name.key.name, standing, for_fleet));
    return check(embedded, status, error);
}

static int forget_correspondents(struct embedded *embedded, MDB_txn *txn, struct bytes login)
{
    uint8_t prefix[CORRESPONDENT_KEY];
    MDB_cursor *cursor;
    MDB_val key = {CORRESPONDENT_KEY / 2, prefix}, value;
    embedded_correspondent(embedded, login, (struct bytes){0}, prefix);
    int status = mdb_cursor_open(txn, embedded->keeper->ledger.correspondents, &cursor);
    if (status)
        return status;
    status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (!status && key.mv_size == CORRESPONDENT_KEY &&
           memcmp(key.mv_data, prefix, CORRESPONDENT_KEY / 2) == 0) {
        status = mdb_cursor_del(cursor, 0);
        if (!status)
            status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return status == MDB_NOTFOUND ? 0 : status;
}

static int reset(struct embedded *embedded, MDB_txn *txn, const struct entry_key *key,
                 bool habit_too)
{
    struct record record = {0};
    int status = keeper_get(embedded->keeper, txn, key, &record);
    if (status == MDB_NOTFOUND)
        status = 0;
    tally_done(&record.tally);
    struct record kept = {.habits = habit_too ? NULL : record.habits};
    if (!status)
        status = keeper_put(embedded->keeper, txn, key->kind, key->name, &kept);
    if (!status && habit_too && key->kind == SUBJECT_LOGIN)
        status = forget_correspondents(embedded, txn, key->name);
    record_done(&record);
    return status;
}

bool embedded_reset(struct embedded *embedded, enum subject_kind kind, struct bytes name,
                    bool habit_too, struct error *error)
{
    struct named_key subject;
    MDB_txn *txn;
    if (!has_file(embedded, error))
        return false;
    if (!embedded_key(embedded, kind, name, &subject))
        return error_set(error, "a name is needed");
    keeper_sync(embedded->keeper);
    int status = ledger_write(&embedded->keeper->ledger, &txn);
    if (!status)
        status = ledger_write_end(&embedded->keeper->ledger, txn,
                                  reset(embedded, txn, &subject.key, habit_too));
    return check(embedded, status, error);
}

bool embedded_show(struct embedded *embedded, struct limits_request *look, bool *ret_found,
                   struct error *error)
{
    if (!has_file(embedded, error))
        return false;
    keeper_sync(embedded->keeper);
    look->answer = (struct limits_answer){.answered = true};
    *ret_found = false;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        struct named_key name;
        struct record record;
        if (!embedded_key(embedded, (enum subject_kind)kind, look->who.names[kind], &name))
            continue;
        if (!keeper_load(embedded->keeper, &name.key, &record))
            return fail_to_read(embedded, error);
        *ret_found = *ret_found || !record_is_empty(&record);
        look->answer.subjects[kind].name = look->who.names[kind];
        embedded_answer_subject(&record, look->who.now, &look->answer.subjects[kind]);
        if (kind == SUBJECT_LOGIN)
            embedded_answer_login(embedded, &record, look->who.now, look);
        record_done(&record);
    }
    return true;
}

/* One of the highest, with a copy of its name. */
struct place {
    struct counted_subject subject;
    char name[LIMITS_NAME_MAX];
};

struct top {
    struct place *places; /* the highest first */
    size_t count, most;
    enum quantity quantity;
    enum window window;
};

static int64_t height(const struct top *top, const struct counted_subject *subject)
{
    return subject->counted.counts[top->quantity][top->window];
}

static void enter_top(struct top *top, const struct counted_subject *subject)
{
    size_t at = top->count;
    while (at > 0 && height(top, &top->places[at - 1].subject) < height(top, subject))
        at--;
    if (at == top->most)
        return;
    size_t moved = (top->count < top->most ? top->count : top->most - 1) - at;
    memmove(&top->places[at + 1], &top->places[at], moved * sizeof *top->places);
    if (top->count < top->most)
        top->count++;
    top->places[at].subject = *subject;
    memcpy(top->places[at].name, subject->name.data, subject->name.len);
}

static int fill_top(struct embedded *embedded, MDB_txn *txn, enum subject_kind kind, int64_t now,
                    struct top *top)
{
    MDB_cursor *cursor;
    char first = (char)('0' + (int)kind);
    MDB_val key = {1, &first}, value;
    int status = mdb_cursor_open(txn, embedded->keeper->ledger.records, &cursor);
    if (status)
        return status;
    status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (!status && key.mv_size && *(const char *)key.mv_data == first) {
        struct record record = {0};
        struct counted_subject subject = {.name = {(const char *)key.mv_data + 1, key.mv_size - 1}};
        if (record_decode(value.mv_data, value.mv_size, &record) == DECODED &&
            subject.name.len <= LIMITS_NAME_MAX) {
            embedded_answer_subject(&record, now, &subject);
            if (height(top, &subject) > 0)
                enter_top(top, &subject);
        }
        record_done(&record);
        status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return status == MDB_NOTFOUND ? 0 : status;
}

bool embedded_top(struct embedded *embedded, enum subject_kind kind, enum quantity quantity,
                  enum window window, int64_t now, size_t most,
                  bool (*visit)(const struct counted_subject *subject, void *context),
                  void *context, struct error *error)
{
    struct top top = {.most = most, .quantity = quantity, .window = window};
    MDB_txn *txn;
    if (!most)
        return true;
    if (!begin_read(embedded, &txn, error))
        return false;
    top.places = calloc(most, sizeof *top.places);
    int status = top.places ? fill_top(embedded, txn, kind, now, &top) : ENOMEM;
    ledger_read_end(&embedded->keeper->ledger, txn);
    for (size_t i = 0; i < top.count && !status; i++) {
        struct counted_subject *subject = &top.places[i].subject;
        subject->name.data = top.places[i].name;
        if (!visit(subject, context))
            break;
    }
    free(top.places);
    return check(embedded, status, error);
}

bool embedded_contained(struct embedded *embedded, int64_t now,
                        bool (*visit)(struct bytes login, const struct login_standing *standing,
                                      void *context),
                        void *context, struct error *error)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    bool goes_on = true;
    if (!begin_read(embedded, &txn, error))
        return false;
    int status = mdb_cursor_open(txn, embedded->keeper->ledger.standings, &cursor);
    if (status) {
        ledger_read_end(&embedded->keeper->ledger, txn);
        return check(embedded, status, error);
    }
    while (goes_on && !(status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        struct standing standing;
        struct login_standing holds;
        if (!standing_decode(value.mv_data, value.mv_size, &standing))
            continue;
        standing_at(&standing, now / 1000, &holds);
        if (holds.state != LOGIN_NORMAL)
            goes_on = visit((struct bytes){key.mv_data, key.mv_size}, &holds, context);
    }
    mdb_cursor_close(cursor);
    ledger_read_end(&embedded->keeper->ledger, txn);
    return check(embedded, status == MDB_NOTFOUND ? 0 : status, error);
}

bool embedded_count_correspondents(struct embedded *embedded, struct bytes login, int64_t now,
                                   int64_t *ret_remembered, int64_t *ret_known, struct error *error)
{
    uint8_t prefix[CORRESPONDENT_KEY];
    struct named_key name;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key = {CORRESPONDENT_KEY / 2, prefix}, value;
    *ret_remembered = *ret_known = 0;
    if (!embedded_key(embedded, SUBJECT_LOGIN, login, &name))
        return true;
    if (!begin_read(embedded, &txn, error))
        return false;
    embedded_correspondent(embedded, name.key.name, (struct bytes){0}, prefix);
    int status = mdb_cursor_open(txn, embedded->keeper->ledger.correspondents, &cursor);
    if (!status) {
        status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        while (!status && key.mv_size == CORRESPONDENT_KEY &&
               memcmp(key.mv_data, prefix, CORRESPONDENT_KEY / 2) == 0) {
            struct known known;
            int64_t since = known_decode(value.mv_data, value.mv_size, &known)
                                ? known_since(&known, now / 1000, embedded->remember)
                                : 0;
            *ret_remembered += since != 0;
            *ret_known += since && since + embedded->known_after <= now / 1000;
            status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
        mdb_cursor_close(cursor);
    }
    ledger_read_end(&embedded->keeper->ledger, txn);
    return check(embedded, status == MDB_NOTFOUND ? 0 : status, error);
}

bool embedded_settle(struct embedded *embedded, struct error *error)
{
    if (!has_file(embedded, error))
        return false;
    if (embedded->keeper->has_thread) {
        keeper_sync(embedded->keeper);
        return true;
    }
    return check(embedded, keeper_write(embedded->keeper), error);
}

bool embedded_learn(struct embedded *embedded, struct bytes login, struct bytes rcpt, int64_t first,
                    int64_t last, struct error *error)
{
    struct named_key name;
    uint8_t key[1][CORRESPONDENT_KEY];
    if (!embedded_key(embedded, SUBJECT_LOGIN, login, &name) || !rcpt.len)
        return true;
    embedded_correspondent(embedded, name.key.name, rcpt, key[0]);
    correspondents_add(&embedded->correspondents, (const uint8_t(*)[CORRESPONDENT_KEY])key, 1,
                       first, last);
    if (embedded->correspondents.fresh.count < LEARN_BATCH || !embedded->keeper ||
        embedded->keeper->has_thread)
        return true;
    return embedded_settle(embedded, error);
}
