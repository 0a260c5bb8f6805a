/* The history's tables as SQL, one text a version. */
#include "history/migrate.h"

#include <stddef.h>

/* decisions: one row a record, in the order in which they were written. The columns repeat what is
 * asked for often. records: the whole JSON object, apart from them so that who walks through
 * decisions does not read it, nine tenths of the bytes. verdicts holds what was not passed.
 * addresses holds what the message claimed to come from (kind as in the record: "mail_from",
 * "from", ...) with what the tables said, and its recipients (kind "rcpt", ownership NULL). */
static const char *const versions[MIGRATE_VERSION] = {
    "CREATE TABLE decisions ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice: who follows asks by it */
    " time INTEGER NOT NULL,"                 /* milliseconds since 1970, UTC */
    " id TEXT NOT NULL UNIQUE,"
    " queue_id TEXT, command TEXT, listener TEXT, policy TEXT, config TEXT,"
    " client TEXT,"  /* address as text */
    " network TEXT," /* of client: its /24, or /64 for IPv6 */
    " login TEXT, auth_mech TEXT, tls_version TEXT, cipher TEXT,"
    " mail_from TEXT, from_address TEXT, message_id TEXT,"
    " rcpt_count INTEGER, size INTEGER, usec INTEGER,"
    " action TEXT NOT NULL, rule TEXT, reason TEXT);"
    "CREATE INDEX decisions_time ON decisions (time);"
    "CREATE INDEX decisions_queue_id ON decisions (queue_id);"
    "CREATE INDEX decisions_login ON decisions (login, time);"
    "CREATE INDEX decisions_client ON decisions (client, time);"
    "CREATE TABLE records ("
    " seq INTEGER PRIMARY KEY REFERENCES decisions (seq) ON DELETE CASCADE,"
    " record TEXT NOT NULL);"
    "CREATE TABLE verdicts ("
    " seq INTEGER NOT NULL REFERENCES decisions (seq) ON DELETE CASCADE,"
    " rule TEXT NOT NULL, reason TEXT, outcome TEXT NOT NULL,"
    " mode TEXT NOT NULL, action TEXT NOT NULL, fact TEXT,"
    " PRIMARY KEY (seq, rule)) WITHOUT ROWID;"
    "CREATE TABLE addresses ("
    " seq INTEGER NOT NULL REFERENCES decisions (seq) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, address TEXT NOT NULL, ownership TEXT, source TEXT);"
    "CREATE INDEX addresses_seq ON addresses (seq);"
    "CREATE INDEX addresses_address ON addresses (address COLLATE NOCASE);"
    "CREATE TABLE signatures ("
    " seq INTEGER NOT NULL REFERENCES decisions (seq) ON DELETE CASCADE,"
    " domain TEXT NOT NULL, selector TEXT NOT NULL, algorithm TEXT NOT NULL);"
    "CREATE INDEX signatures_seq ON signatures (seq);"
    /* What `submilterctl conf` printed for the settings of that hash. */
    "CREATE TABLE configurations ("
    " hash TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;",
};

static bool run(sqlite3 *database, const char *sql, struct error *error)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return error_set(error, "%s", sqlite3_errmsg(database));
}

static bool number(sqlite3 *database, const char *sql, int *ret_value, struct error *error)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return error_set(error, "%s", sqlite3_errmsg(database));
    bool there = sqlite3_step(statement) == SQLITE_ROW;
    *ret_value = there ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return there || error_set(error, "%s", sqlite3_errmsg(database));
}

struct marks {
    int version, application, tables, virtual_tables;
};

static bool read_marks(sqlite3 *database, struct marks *marks, struct error *error)
{
    if (!number(database, "PRAGMA user_version", &marks->version, error) ||
        !number(database, "PRAGMA application_id", &marks->application, error) ||
        !number(database, "SELECT count(*) FROM sqlite_schema", &marks->tables, error) ||
        !number(database,
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage = 0",
                &marks->virtual_tables, error))
        return false;
    if (marks->tables && marks->application != MIGRATE_APPLICATION_ID)
        return error_set(error, "it is a database, but not of submilter");
    if (marks->version < 0)
        return error_set(error, "it is damaged: there never was a schema %d", marks->version);
    if (marks->version > MIGRATE_VERSION)
        return error_set(error,
                         "it was written by a newer submilter (schema %d, this one knows %d)",
                         marks->version, MIGRATE_VERSION);
    return true;
}

static bool bring_up(sqlite3 *database, struct error *error)
{
    struct marks marks = {0};
    if (!read_marks(database, &marks, error))
        return false;
    if (marks.version == MIGRATE_VERSION)
        return true;
    for (; marks.version < MIGRATE_VERSION; marks.version++)
        if (!run(database, versions[marks.version], error))
            return false;
    char mark[100];
    sqlite3_snprintf((int)sizeof mark, mark, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                     MIGRATE_APPLICATION_ID, MIGRATE_VERSION);
    return run(database, mark, error);
}

bool migrate_schema(sqlite3 *database, struct error *error)
{
    if (!run(database, "BEGIN IMMEDIATE", error))
        return false;
    return bring_up(database, error) && run(database, "COMMIT", error);
}

bool migrate_is_ours(sqlite3 *database, struct error *error)
{
    struct marks marks = {0};
    return read_marks(database, &marks, error);
}

bool migrate_check(sqlite3 *database, struct error *error)
{
    struct marks marks = {0};
    if (!read_marks(database, &marks, error))
        return false;
    if (marks.virtual_tables)
        return error_set(error, "it has virtual tables, which submilter does not make");
    if (!marks.tables)
        return error_set(error, "it is empty: the daemon has written nothing to it yet");
    if (marks.version < MIGRATE_VERSION)
        return error_set(error,
                         "it was written by an older submilter (schema %d, this one reads %d): the "
                         "daemon brings it up to date when it opens it",
                         marks.version, MIGRATE_VERSION);
    return true;
}
