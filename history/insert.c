/* A record's JSON text into rows, one SQL statement a table. */
#include "history/insert.h"

#include <stdlib.h>
#include <string.h>

#include "history/functions.h"

#define RECORD_MAX ((size_t)64 << 20)

/* ?1 is the record's text everywhere, ?2 the decision's seq. Times become milliseconds: julianday
 * is a number of days, and its fraction is exact to less than that. */
static const char decision_sql[] =
    "INSERT INTO decisions (time, id, queue_id, command, listener, policy, config, client, network,"
    " login, auth_mech, tls_version, cipher, mail_from, from_address, message_id, rcpt_count, size,"
    " usec, action, rule, reason) VALUES ("
    " CAST(round((julianday(json_extract(?1, '$.time')) - 2440587.5) * 86400000) AS INTEGER),"
    " json_extract(?1, '$.id'), json_extract(?1, '$.queue_id'), json_extract(?1, '$.command'),"
    " json_extract(?1, '$.listener'), json_extract(?1, '$.policy'), json_extract(?1, '$.config'),"
    " json_extract(?1, '$.client'), network(json_extract(?1, '$.client')),"
    " json_extract(?1, '$.login'), json_extract(?1, '$.auth_mech'),"
    " json_extract(?1, '$.tls_version'), json_extract(?1, '$.cipher'),"
    " trim(json_extract(?1, '$.mail_from'), '<>'), json_extract(?1, '$.from'),"
    " json_extract(?1, '$.message_id'), json_extract(?1, '$.rcpt_count'),"
    " json_extract(?1, '$.size'), json_extract(?1, '$.usec'), json_extract(?1, '$.action'),"
    " json_extract(?1, '$.rule'), json_extract(?1, '$.reason'))"
    " ON CONFLICT (id) DO NOTHING";

static const char record_sql[] = "INSERT INTO records (seq, record) VALUES (?2, ?1)";

static const char verdicts_sql[] =
    "INSERT OR IGNORE INTO verdicts (seq, rule, reason, outcome, mode, action, fact)"
    " SELECT ?2, json_extract(value, '$.rule'), json_extract(value, '$.reason'),"
    " json_extract(value, '$.outcome'), json_extract(value, '$.mode'),"
    " CASE json_extract(value, '$.action') WHEN 'accept'"
    "  THEN ifnull(json_extract(value, '$.contain'), 'accept')"
    "  ELSE json_extract(value, '$.action') END, json_extract(value, '$.fact')"
    " FROM json_each(?1, '$.verdicts') WHERE json_extract(value, '$.outcome') <> 'pass'";

static const char addresses_sql[] =
    "INSERT OR IGNORE INTO addresses (seq, kind, address, ownership, source)"
    " SELECT ?2, json_extract(value, '$.kind'), json_extract(value, '$.address'),"
    " json_extract(value, '$.ownership'), json_extract(value, '$.source')"
    " FROM json_each(?1, '$.identities')"
    " UNION ALL SELECT ?2, 'rcpt', trim(value, '<>'), NULL, NULL FROM json_each(?1, '$.rcpts')"
    " UNION ALL SELECT ?2, 'rcpt', trim(json_extract(?1, '$.rcpt'), '<>'), NULL, NULL";

static const char signatures_sql[] =
    "INSERT OR IGNORE INTO signatures (seq, domain, selector, algorithm)"
    " SELECT ?2, json_extract(value, '$.d'), json_extract(value, '$.s'), json_extract(value, '$.a')"
    " FROM json_each(?1, '$.signatures')";

/* Asked only of what could not be inserted: why not. */
static const char complaint_sql[] =
    "SELECT CASE"
    " WHEN NOT json_valid(?1) THEN 'it is no JSON'"
    " WHEN json_type(?1) <> 'object' THEN 'it is no JSON object'"
    " WHEN json_type(?1, '$.id') IS NOT 'text' THEN 'it has no \"id\"'"
    " WHEN json_type(?1, '$.action') IS NOT 'text' THEN 'it has no \"action\"'"
    " WHEN julianday(json_extract(?1, '$.time')) IS NULL THEN 'it has no \"time\" that can be read'"
    " WHEN EXISTS (SELECT 1 FROM json_each(?1, '$.verdicts') WHERE type <> 'object')"
    " THEN '\"verdicts\" holds what is no verdict'"
    " WHEN EXISTS (SELECT 1 FROM json_each(?1, '$.identities') WHERE type <> 'object')"
    " THEN '\"identities\" holds what is no identity'"
    " WHEN EXISTS (SELECT 1 FROM json_each(?1, '$.signatures') WHERE type <> 'object')"
    " THEN '\"signatures\" holds what is no signature'"
    " END";

enum { DECISION, RECORD, VERDICTS, ADDRESSES, SIGNATURES, COMPLAINT, STATEMENTS };

struct insert {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    char *text; /* the record, NUL-terminated, so that no function copies it for that */
    size_t room;
};

bool insert_prepare(sqlite3 *database, struct insert **ret_insert, struct error *error)
{
    static const char *const texts[STATEMENTS] = {
        [DECISION] = decision_sql,   [RECORD] = record_sql,         [VERDICTS] = verdicts_sql,
        [ADDRESSES] = addresses_sql, [SIGNATURES] = signatures_sql, [COMPLAINT] = complaint_sql,
    };
    struct insert *insert = calloc(1, sizeof *insert);
    if (!insert)
        return error_set(error, "out of memory");
    insert->database = database;
    bool ready = functions_register(database, error);
    for (size_t i = 0; ready && i < STATEMENTS; i++)
        ready = sqlite3_prepare_v3(database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                   &insert->statements[i], NULL) == SQLITE_OK ||
                error_set(error, "%s", sqlite3_errmsg(database));
    if (!ready) {
        insert_free(insert);
        return false;
    }
    *ret_insert = insert;
    return true;
}

void insert_free(struct insert *insert)
{
    if (!insert)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(insert->statements[i]);
    free(insert->text);
    free(insert);
}

static int step(struct insert *insert, int number, sqlite3_int64 seq)
{
    sqlite3_stmt *statement = insert->statements[number];
    int code = sqlite3_bind_text(statement, 1, insert->text, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 1)
        code = sqlite3_bind_int64(statement, 2, seq);
    return code == SQLITE_OK ? sqlite3_step(statement) : code;
}

static void settle(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static enum insert_result failed(struct insert *insert, int code, struct error *error)
{
    error_set(error, "%s", sqlite3_errmsg(insert->database));
    if ((code & 0xff) != SQLITE_ERROR && (code & 0xff) != SQLITE_CONSTRAINT)
        return INSERT_FAILED;
    const char *complaint = NULL;
    if (step(insert, COMPLAINT, 0) == SQLITE_ROW)
        complaint = (const char *)sqlite3_column_text(insert->statements[COMPLAINT], 0);
    if (complaint)
        error_set(error, "%s", complaint);
    settle(insert->statements[COMPLAINT]);
    return complaint ? INSERT_UNREADABLE : INSERT_FAILED;
}

/* Nothing of a record stays whose later rows could not be read. */
static bool take_back(struct insert *insert, sqlite3_int64 seq)
{
    char sql[400];
    sqlite3_snprintf(
        (int)sizeof sql, sql,
        "DELETE FROM verdicts WHERE seq = %lld; DELETE FROM addresses WHERE seq = %lld;"
        "DELETE FROM signatures WHERE seq = %lld; DELETE FROM records WHERE seq = %lld;"
        "DELETE FROM decisions WHERE seq = %lld",
        seq, seq, seq, seq, seq);
    return sqlite3_exec(insert->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static enum insert_result insert_rows(struct insert *insert, struct error *error)
{
    sqlite3_int64 seq = 0;
    for (int i = DECISION; i <= SIGNATURES; i++) {
        int code = step(insert, i, seq);
        settle(insert->statements[i]);
        if (code != SQLITE_DONE) {
            enum insert_result result = failed(insert, code, error);
            return seq && !take_back(insert, seq) ? INSERT_FAILED : result;
        }
        if (i == DECISION && sqlite3_changes(insert->database) == 0)
            return INSERT_KNOWN;
        if (i == DECISION)
            seq = sqlite3_last_insert_rowid(insert->database);
    }
    return INSERT_DONE;
}

static bool keep_text(struct insert *insert, struct bytes record)
{
    if (insert->room <= record.len) {
        char *larger = realloc(insert->text, record.len + 1);
        if (!larger)
            return false;
        insert->text = larger;
        insert->room = record.len + 1;
    }
    memcpy(insert->text, record.data, record.len);
    insert->text[record.len] = '\0';
    return true;
}

enum insert_result insert_record(struct insert *insert, struct bytes record, struct error *error)
{
    record = bytes_trim(record);
    const char *complaint = record.len == 0                         ? "it is an empty line"
                            : record.len > RECORD_MAX               ? "it is too long for a record"
                            : bytes_find(record, '\0') < record.len ? "it holds a NUL byte"
                                                                    : NULL;
    if (complaint) {
        error_set(error, "%s", complaint);
        return INSERT_UNREADABLE;
    }
    if (!keep_text(insert, record)) {
        error_set(error, "out of memory");
        return INSERT_FAILED;
    }
    return insert_rows(insert, error);
}
