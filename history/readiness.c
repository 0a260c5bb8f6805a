/* Sessions' properties, grouped by the database. Some of them stand in the record only. */
#include "history/readiness.h"

#include <stdio.h>

#include "history/filter_bind.h"
#include "history/private.h"

/* json_extract reads a record once for all its paths. A verdict says what the record's null hides:
 * that it was not known whether there is TLS, or a login. */
#define ROWS                                                                                       \
    "SELECT d.policy, d.listener, d.login, d.network, json_extract(d.record, '$.helo') AS helo,"   \
    " d.auth_mech, d.tls_version, d.cipher, json_extract(d.record, '$.cipher_bits') AS bits,"      \
    " json_extract(d.record, '$.tls_terminator') AS terminator,"                                   \
    " json_extract(d.record, '$.cert_subject') IS NOT NULL AS certificate,"                        \
    " d.tls_version IS NULL AND EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"           \
    " AND v.rule = 'tls' AND v.reason = 'unknown') AS tls_unknown,"                                \
    " d.login IS NULL AND EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"                 \
    " AND v.rule = 'auth' AND v.reason = 'unknown') AS login_unknown,"                             \
    " count(*), sum(d.action IN ('tempfail', 'reject')), min(d.time), max(d.time)"                 \
    " FROM decisions AS d WHERE "

#define GROUPS                                                                                     \
    " GROUP BY d.login, d.network, d.policy, d.listener, helo, d.auth_mech, d.tls_version,"        \
    " d.cipher, bits, terminator, certificate, tls_unknown, login_unknown"

#define EXTENT                                                                                     \
    "SELECT count(*), count(DISTINCT d.login), ifnull(min(d.time), 0), ifnull(max(d.time), 0)"     \
    " FROM decisions AS d WHERE "

static bool prepare(struct history *history, const char *before, const char *behind,
                    const struct history_filter *filter, sqlite3_stmt **ret_statement,
                    struct error *error)
{
    char condition[FILTER_SQL_MAX];
    char sql[FILTER_SQL_MAX + sizeof ROWS GROUPS];
    if (!filter_condition(filter, condition, error))
        return false;
    snprintf(sql, sizeof sql, "%s%s%s", before, condition, behind);
    if (!history_prepare(history, sql, ret_statement, error))
        return false;
    if (filter_bind(filter, *ret_statement, error))
        return true;
    sqlite3_finalize(*ret_statement);
    return false;
}

static void read_row(sqlite3_stmt *statement, struct readiness_row *row)
{
    *row = (struct readiness_row){
        .policy = history_column(statement, 0),
        .listener = history_column(statement, 1),
        .login = history_column(statement, 2),
        .network = history_column(statement, 3),
        .helo = history_column(statement, 4),
        .auth_mech = history_column(statement, 5),
        .tls_version = history_column(statement, 6),
        .cipher = history_column(statement, 7),
        .cipher_bits = sqlite3_column_int64(statement, 8),
        .tls_terminator = history_column(statement, 9),
        .certificate = sqlite3_column_int(statement, 10),
        .tls_unknown = sqlite3_column_int(statement, 11),
        .login_unknown = sqlite3_column_int(statement, 12),
        .messages = sqlite3_column_int64(statement, 13),
        .refused = sqlite3_column_int64(statement, 14),
        .first = sqlite3_column_int64(statement, 15),
        .last = sqlite3_column_int64(statement, 16),
    };
}

bool readiness_ask(struct history *history, const struct history_filter *filter,
                   bool (*row)(const struct readiness_row *row, void *context), void *context,
                   struct error *error)
{
    sqlite3_stmt *statement;
    if (!prepare(history, ROWS, GROUPS, filter, &statement, error))
        return false;
    bool more = false;
    bool well = history_step(history, statement, &more, error);
    while (well && more) {
        struct readiness_row found;
        read_row(statement, &found);
        if (!row(&found, context))
            break;
        well = history_step(history, statement, &more, error);
    }
    sqlite3_finalize(statement);
    return well;
}

bool readiness_extent(struct history *history, const struct history_filter *filter,
                      struct readiness_extent *ret_extent, struct error *error)
{
    sqlite3_stmt *statement;
    bool row = false;
    if (!prepare(history, EXTENT, "", filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &row, error);
    *ret_extent = (struct readiness_extent){
        .messages = sqlite3_column_int64(statement, 0),
        .logins = sqlite3_column_int64(statement, 1),
        .first = sqlite3_column_int64(statement, 2),
        .last = sqlite3_column_int64(statement, 3),
    };
    sqlite3_finalize(statement);
    return well;
}
