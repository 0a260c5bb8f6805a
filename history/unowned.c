/* Claims that were denied, grouped by the database. */
#include "history/unowned.h"

#include <stdio.h>
#include <string.h>

#include "history/filter_bind.h"
#include "history/private.h"

/* The kinds of address by which a message says whom it is from; a recipient has no ownership. */
#define CLAIMED(ownership) "a.ownership = '" ownership "' AND a.kind <> 'display_name'"

/* Whether the message claims any such address. */
#define CLAIMS "d.seq IN (SELECT a.seq FROM addresses AS a WHERE " CLAIMED("denied") ")"

/* A message that a rule finds fault with for how it is written, or that names several authors, says
 * nothing of who its author is: readers differ, and a second From is how others' names are slipped
 * in. Nobody's habit shows in it. */
#define WELL_FORMED                                                                                \
    "NOT EXISTS (SELECT 1 FROM verdicts AS f WHERE f.seq = d.seq AND f.outcome <> 'pass'"          \
    " AND (f.rule IN ('header_once', 'header_syntax', 'header_injection', 'body_syntax',"          \
    " 'display_name') OR (f.rule IN ('envelope', 'from', 'sender') AND f.reason IS NOT "           \
    "'not-owned')))"                                                                               \
    " AND (SELECT count(DISTINCT lower(o.address)) FROM addresses AS o"                            \
    " WHERE o.seq = d.seq AND o.kind = 'from') < 2"

/* An address that stands in two fields of one message counts once. CROSS JOIN keeps the order: the
 * few denied addresses first. */
#define DENIED "(SELECT DISTINCT a.seq, a.address FROM addresses AS a WHERE " CLAIMED("denied") ")"

#define DAY "(d.time + :day_offset) / 86400000"
#define USES "d.network, " DAY " AS day, min(d.time), max(d.time), total(d.rcpt_count), count(*)"

static const char claims_sql[] = "SELECT d.login, a.address, " USES ", count(*) FROM " DENIED
                                 " AS a CROSS JOIN decisions AS d ON d.seq = a.seq"
                                 " WHERE d.login <> '' AND " WELL_FORMED " AND %s"
                                 " GROUP BY d.login, a.address, d.network, day";

static const char activity_sql[] =
    "SELECT d.login, NULL, " USES ", sum(" CLAIMS ") FROM decisions AS d"
    " WHERE d.login <> '' AND %s"
    " GROUP BY +d.login, d.network, day";

static const char verdicts_sql[] =
    "SELECT d.login, v.fact, v.rule, sum(v.mode = 'enforce'), sum(v.mode = 'observe')"
    " FROM verdicts AS v CROSS JOIN decisions AS d ON d.seq = v.seq"
    " WHERE v.reason = 'not-owned' AND v.fact <> '' AND d.login <> '' AND " WELL_FORMED " AND %s"
    " GROUP BY d.login, v.fact, v.rule";

static const char holders_sql[] =
    "SELECT d.login, a.address, count(DISTINCT a.seq)"
    " FROM (SELECT DISTINCT a.address FROM addresses AS a WHERE " CLAIMED(
        "denied") ") AS denied"
                  " CROSS JOIN addresses AS a ON a.address = denied.address COLLATE NOCASE"
                  " CROSS JOIN decisions AS d ON d.seq = a.seq"
                  " WHERE " CLAIMED("granted") " AND %s GROUP BY d.login, a.address";

static bool bind_day_offset(sqlite3_stmt *statement, int64_t day_offset, struct error *error)
{
    int number = sqlite3_bind_parameter_index(statement, ":day_offset");
    int code = number ? sqlite3_bind_int64(statement, number, day_offset) : SQLITE_OK;
    return code == SQLITE_OK || error_set(error, "%s", sqlite3_errstr(code));
}

/* sql has a %s for the filter's condition. */
static bool ask(struct history *history, const char *sql, const struct history_filter *filter,
                int64_t day_offset, bool (*row)(sqlite3_stmt *statement, void *question),
                void *question, struct error *error)
{
    char condition[FILTER_SQL_MAX];
    char whole[FILTER_SQL_MAX + 2000];
    sqlite3_stmt *statement;
    if (!filter_condition(filter, condition, error))
        return false;
    const char *place = strstr(sql, "%s");
    snprintf(whole, sizeof whole, "%.*s%s%s", (int)(place - sql), sql, condition, place + 2);
    if (!history_prepare(history, whole, &statement, error))
        return false;
    bool more = false;
    bool well = filter_bind(filter, statement, error) &&
                bind_day_offset(statement, day_offset, error) &&
                history_step(history, statement, &more, error);
    while (well && more && row(statement, question))
        well = history_step(history, statement, &more, error);
    sqlite3_finalize(statement);
    return well;
}

struct use_question {
    unowned_use_callback *row;
    void *context;
};

static bool read_use(sqlite3_stmt *statement, void *generic)
{
    const struct use_question *question = generic;
    const struct unowned_use use = {
        .login = history_column(statement, 0),
        .address = history_column(statement, 1),
        .network = history_column(statement, 2),
        .day = sqlite3_column_int64(statement, 3),
        .first = sqlite3_column_int64(statement, 4),
        .last = sqlite3_column_int64(statement, 5),
        .recipients = sqlite3_column_int64(statement, 6),
        .messages = sqlite3_column_int64(statement, 7),
        .claiming = sqlite3_column_int64(statement, 8),
    };
    return question->row(&use, question->context);
}

bool unowned_claims(struct history *history, const struct history_filter *filter,
                    int64_t day_offset, unowned_use_callback *row, void *context,
                    struct error *error)
{
    struct use_question question = {row, context};
    return ask(history, claims_sql, filter, day_offset, read_use, &question, error);
}

bool unowned_activity(struct history *history, const struct history_filter *filter,
                      int64_t day_offset, unowned_use_callback *row, void *context,
                      struct error *error)
{
    struct use_question question = {row, context};
    return ask(history, activity_sql, filter, day_offset, read_use, &question, error);
}

struct verdict_question {
    bool (*row)(const struct unowned_verdict *verdict, void *context);
    void *context;
};

static bool read_verdict(sqlite3_stmt *statement, void *generic)
{
    const struct verdict_question *question = generic;
    const struct unowned_verdict verdict = {
        .login = history_column(statement, 0),
        .address = history_column(statement, 1),
        .rule = history_column(statement, 2),
        .refused = sqlite3_column_int64(statement, 3),
        .would = sqlite3_column_int64(statement, 4),
    };
    return question->row(&verdict, question->context);
}

bool unowned_verdicts(struct history *history, const struct history_filter *filter,
                      bool (*row)(const struct unowned_verdict *verdict, void *context),
                      void *context, struct error *error)
{
    struct verdict_question question = {row, context};
    return ask(history, verdicts_sql, filter, 0, read_verdict, &question, error);
}

struct holder_question {
    bool (*row)(const struct unowned_holder *holder, void *context);
    void *context;
};

static bool read_holder(sqlite3_stmt *statement, void *generic)
{
    const struct holder_question *question = generic;
    const struct unowned_holder holder = {
        .login = history_column(statement, 0),
        .address = history_column(statement, 1),
        .messages = sqlite3_column_int64(statement, 2),
    };
    return question->row(&holder, question->context);
}

bool unowned_holders(struct history *history, const struct history_filter *filter,
                     bool (*row)(const struct unowned_holder *holder, void *context), void *context,
                     struct error *error)
{
    struct holder_question question = {row, context};
    return ask(history, holders_sql, filter, 0, read_holder, &question, error);
}
