/* Sessions' properties, grouped by the database. Some of them stand in the record only, and reading
 * it as JSON is most of the work. */
#include "history/readiness.h"

#include <stdlib.h>
#include <string.h>

#include "history/filter_bind.h"
#include "history/private.h"

/* json_extract reads a record once for all its paths. A verdict says what the record's null hides:
 * that it was not known whether there is TLS, or a login. */
#define ROWS                                                                                       \
    "SELECT d.policy, d.listener, d.login, d.network, json_extract(r.record, '$.helo') AS helo,"   \
    " d.auth_mech, d.tls_version, d.cipher, json_extract(r.record, '$.cipher_bits') AS bits,"      \
    " json_extract(r.record, '$.tls_terminator') AS terminator,"                                   \
    " json_extract(r.record, '$.cert_subject') IS NOT NULL AS certificate,"                        \
    " d.tls_version IS NULL AND EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"           \
    " AND v.rule = 'tls' AND v.reason = 'unknown') AS tls_unknown,"                                \
    " d.login IS NULL AND EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"                 \
    " AND v.rule = 'auth' AND v.reason = 'unknown') AS login_unknown,"                             \
    " count(*), sum(d.action IN ('tempfail', 'reject')), min(d.time), max(d.time)"                 \
    " FROM decisions AS d CROSS JOIN records AS r ON r.seq = d.seq WHERE "

/* The condition stands twice, so that wanted() is asked about what meets it and nothing else. The
 * plus keeps the database from going through the table login by login, page by page. */
#define WANTED                                                                                     \
    " AND CASE WHEN %s THEN wanted(d.policy, d.listener, d.login, d.auth_mech, d.tls_version,"     \
    " d.cipher) END"

#define GROUPS                                                                                     \
    " GROUP BY +d.login, d.network, d.policy, d.listener, helo, d.auth_mech, d.tls_version,"       \
    " d.cipher, bits, terminator, certificate, tls_unknown, login_unknown"

#define EXTENT                                                                                     \
    "SELECT count(*), count(DISTINCT +d.login), ifnull(min(d.time), 0), ifnull(max(d.time), 0)"    \
    " FROM decisions AS d WHERE "

/* Takes text, and frees it where memory is out. */
static char *append(char *text, const char *more, size_t len)
{
    size_t before = text ? strlen(text) : 0;
    char *longer = text ? realloc(text, before + len + 1) : NULL;
    if (!longer) {
        free(text);
        return NULL;
    }
    memcpy(longer + before, more, len);
    longer[before + len] = '\0';
    return longer;
}

/* sql has a %s for the filter's condition, or two. */
static bool prepare(struct history *history, const char *sql, const struct history_filter *filter,
                    sqlite3_stmt **ret_statement, struct error *error)
{
    char condition[FILTER_SQL_MAX];
    if (!filter_condition(filter, condition, error))
        return false;
    char *whole = strdup("");
    for (const char *place; whole && (place = strstr(sql, "%s")); sql = place + 2)
        whole = append(append(whole, sql, (size_t)(place - sql)), condition, strlen(condition));
    whole = append(whole, sql, strlen(sql));
    bool prepared = whole ? history_prepare(history, whole, ret_statement, error)
                          : error_set(error, "out of memory");
    free(whole);
    if (!prepared || filter_bind(filter, *ret_statement, error))
        return prepared;
    sqlite3_finalize(*ret_statement);
    return false;
}

static struct bytes value_text(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct bytes){text, text ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void wanted(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct readiness_question *question = sqlite3_user_data(context);
    const struct readiness_row message = {
        .policy = value_text(values[0]),
        .listener = value_text(values[1]),
        .login = value_text(values[2]),
        .auth_mech = value_text(values[3]),
        .tls_version = value_text(values[4]),
        .cipher = value_text(values[5]),
    };
    (void)count;
    sqlite3_result_int(context, question->wanted(&message, question->context));
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

static bool give_rows(struct history *history, sqlite3_stmt *statement,
                      const struct readiness_question *question, struct error *error)
{
    bool more = false;
    bool well = history_step(history, statement, &more, error);
    while (well && more) {
        struct readiness_row found;
        read_row(statement, &found);
        if (!question->row(&found, question->context))
            break;
        well = history_step(history, statement, &more, error);
    }
    return well;
}

bool readiness_ask(struct history *history, const struct history_filter *filter,
                   const struct readiness_question *question, struct error *error)
{
    sqlite3 *database = history_database(history);
    sqlite3_stmt *statement;
    struct readiness_question asked = *question;
    if (sqlite3_create_function_v2(database, "wanted", 6, SQLITE_UTF8 | SQLITE_DIRECTONLY, &asked,
                                   wanted, NULL, NULL, NULL) != SQLITE_OK)
        return error_set(error, "%s", sqlite3_errmsg(database));
    bool well = prepare(history, ROWS "%s" WANTED GROUPS, filter, &statement, error);
    if (well) {
        well = give_rows(history, statement, question, error);
        sqlite3_finalize(statement);
    }
    sqlite3_create_function_v2(database, "wanted", 6, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
    return well;
}

bool readiness_mechanisms(struct history *history, const struct history_filter *filter,
                          bool (*name)(struct bytes mechanism, void *context), void *context,
                          struct error *error)
{
    sqlite3_stmt *statement;
    bool row = false;
    if (!prepare(history,
                 "SELECT DISTINCT d.auth_mech FROM decisions AS d WHERE d.auth_mech IS NOT NULL"
                 " AND %s",
                 filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &row, error);
    while (well && row && name(history_column(statement, 0), context))
        well = history_step(history, statement, &row, error);
    sqlite3_finalize(statement);
    return well;
}

bool readiness_extent(struct history *history, const struct history_filter *filter,
                      struct readiness_extent *ret_extent, struct error *error)
{
    sqlite3_stmt *statement;
    bool row = false;
    if (!prepare(history, EXTENT "%s", filter, &statement, error))
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
