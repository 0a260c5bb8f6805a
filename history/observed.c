/* Verdicts of rules in observe, counted. */
#include "history/observed.h"

#include "history/observed_ask.h"

/* A decision that lets through counts before one that does not, the newer before the older; what
 * is not aggregated is of the row with the max(). */
static const char breaches[] =
    "SELECT v.rule, d.policy, v.reason, v.action, d.login,"
    " CASE WHEN d.login IS NULL THEN d.client END AS who,"
    " count(*) FILTER (WHERE d.action IN ('accept', 'fix')) AS passed,"
    " count(*) FILTER (WHERE d.action NOT IN ('accept', 'fix')),"
    " max(CASE WHEN d.action IN ('accept', 'fix') THEN d.time ELSE d.time - 1000000000000000 END),"
    " d.time, d.id, v.fact"
    " FROM verdicts AS v JOIN decisions AS d ON d.seq = v.seq"
    " WHERE v.mode = 'observe' AND v.action <> 'accept'";
static const char breaches_order[] =
    " GROUP BY v.rule, d.policy, v.reason, v.action, d.login, who"
    " ORDER BY v.rule, d.policy, v.reason, passed DESC, d.login, who";

static const char passed[] =
    "SELECT v.seq, v.rule, d.policy, v.reason, v.action, d.login, d.client, d.time"
    " FROM verdicts AS v JOIN decisions AS d ON d.seq = v.seq"
    " WHERE v.mode = 'observe' AND v.action <> 'accept' AND d.action IN ('accept', 'fix')";

static const char decisions[] = "SELECT count(*) FROM decisions AS d WHERE 1";

bool observed_breaches(struct history *history, const struct history_filter *filter,
                       bool (*row)(const struct observed_breach *row, void *context), void *context,
                       struct error *error)
{
    static const struct observed_question question = {breaches, " AND v.rule = :rule",
                                                      breaches_order};
    sqlite3_stmt *statement;
    bool more = false;
    if (!observed_ask(history, &question, filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &more, error);
    while (well && more) {
        const struct observed_breach breach = {
            .rule = history_column(statement, 0),
            .policy = history_column(statement, 1),
            .reason = history_column(statement, 2),
            .action = history_column(statement, 3),
            .login = history_column(statement, 4),
            .client = history_column(statement, 5),
            .passed = sqlite3_column_int64(statement, 6),
            .refused = sqlite3_column_int64(statement, 7),
            .last = sqlite3_column_int64(statement, 9),
            .id = history_column(statement, 10),
            .fact = history_column(statement, 11),
        };
        if (!row(&breach, context))
            break;
        well = history_step(history, statement, &more, error);
    }
    sqlite3_finalize(statement);
    return well;
}

bool observed_passed(struct history *history, const struct history_filter *filter,
                     bool (*row)(int64_t decision, const struct observed_breach *breach,
                                 void *context),
                     void *context, struct error *error)
{
    static const struct observed_question question = {passed, " AND v.rule = :rule",
                                                      " ORDER BY v.seq"};
    sqlite3_stmt *statement;
    bool more = false;
    if (!observed_ask(history, &question, filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &more, error);
    while (well && more) {
        const struct observed_breach breach = {
            .rule = history_column(statement, 1),
            .policy = history_column(statement, 2),
            .reason = history_column(statement, 3),
            .action = history_column(statement, 4),
            .login = history_column(statement, 5),
            .client = history_column(statement, 6),
            .passed = 1,
            .last = sqlite3_column_int64(statement, 7),
        };
        if (!row(sqlite3_column_int64(statement, 0), &breach, context))
            break;
        well = history_step(history, statement, &more, error);
    }
    sqlite3_finalize(statement);
    return well;
}

bool observed_decisions(struct history *history, const struct history_filter *filter,
                        int64_t *ret_count, struct error *error)
{
    static const struct observed_question question = {decisions, "", ""};
    sqlite3_stmt *statement;
    bool more = false;
    *ret_count = 0;
    if (!observed_ask(history, &question, filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &more, error);
    if (well && more)
        *ret_count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return well;
}
