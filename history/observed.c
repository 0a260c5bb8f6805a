/* Verdicts of rules in observe, counted. */
#include "history/observed.h"

#include <stdio.h>

#include "history/filter_bind.h"
#include "history/private.h"

/* A decision that lets through counts before one that does not, the newer before the older; what
 * is not aggregated is of the row with the max(). */
static const char breaches[] =
    "SELECT v.rule, d.policy, v.reason, v.action, d.login,"
    " CASE WHEN d.login IS NULL THEN d.client END AS who,"
    " count(*) FILTER (WHERE d.action IN ('accept', 'fix')) AS passed,"
    " count(*) FILTER (WHERE d.action NOT IN ('accept', 'fix')),"
    " max(CASE WHEN d.action IN ('accept', 'fix') THEN d.time ELSE d.time - 1000000000000000 END),"
    " d.time, d.id"
    " FROM verdicts AS v JOIN decisions AS d ON d.seq = v.seq"
    " WHERE v.mode = 'observe' AND v.action <> 'accept'";
static const char breaches_order[] =
    " GROUP BY v.rule, d.policy, v.reason, v.action, d.login, who"
    " ORDER BY v.rule, d.policy, v.reason, passed DESC, d.login, who";

/* Records that do not hold the word anywhere are not parsed. */
static const char judged[] =
    "SELECT json_extract(e.value, '$.rule') AS rule, d.policy, count(*), max(d.time)"
    " FROM decisions AS d, json_each(d.record, '$.verdicts') AS e"
    " WHERE instr(d.record, '\"observe\"') AND json_extract(e.value, '$.mode') = 'observe'";

static const char decisions[] = "SELECT count(*) FROM decisions AS d WHERE 1";

struct question {
    const char *select; /* up to a condition */
    const char *rule;   /* a condition for where the filter has a rule: it means the verdict's */
    const char *order;
};

static bool ask(struct history *history, const struct question *question,
                const struct history_filter *filter, sqlite3_stmt **ret_statement,
                struct error *error)
{
    char condition[FILTER_SQL_MAX];
    char sql[FILTER_SQL_MAX + 1500];
    const struct history_filter narrowed = {
        .since = filter->since, .until = filter->until, .login = filter->login};
    if (!filter_condition(&narrowed, condition, error))
        return false;
    snprintf(sql, sizeof sql, "%s AND %s%s%s", question->select, condition,
             filter->rule ? question->rule : "", question->order);
    if (!history_prepare(history, sql, ret_statement, error))
        return false;
    if (filter_bind(filter, *ret_statement, error))
        return true;
    sqlite3_finalize(*ret_statement);
    return false;
}

bool observed_breaches(struct history *history, const struct history_filter *filter,
                       bool (*row)(const struct observed_breach *row, void *context), void *context,
                       struct error *error)
{
    static const struct question question = {breaches, " AND v.rule = :rule", breaches_order};
    sqlite3_stmt *statement;
    bool more = false;
    if (!ask(history, &question, filter, &statement, error))
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
        };
        if (!row(&breach, context))
            break;
        well = history_step(history, statement, &more, error);
    }
    sqlite3_finalize(statement);
    return well;
}

bool observed_judged(struct history *history, const struct history_filter *filter,
                     bool (*row)(const struct observed_judged *row, void *context), void *context,
                     struct error *error)
{
    static const struct question question = {judged, " AND json_extract(e.value, '$.rule') = :rule",
                                             " GROUP BY 1, 2 ORDER BY 1, 2"};
    sqlite3_stmt *statement;
    bool more = false;
    if (!ask(history, &question, filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &more, error);
    while (well && more) {
        const struct observed_judged found = {
            .rule = history_column(statement, 0),
            .policy = history_column(statement, 1),
            .decisions = sqlite3_column_int64(statement, 2),
            .last = sqlite3_column_int64(statement, 3),
        };
        if (!row(&found, context))
            break;
        well = history_step(history, statement, &more, error);
    }
    sqlite3_finalize(statement);
    return well;
}

bool observed_decisions(struct history *history, const struct history_filter *filter,
                        int64_t *ret_count, struct error *error)
{
    static const struct question question = {decisions, "", ""};
    sqlite3_stmt *statement;
    bool more = false;
    *ret_count = 0;
    if (!ask(history, &question, filter, &statement, error))
        return false;
    bool well = history_step(history, statement, &more, error);
    if (well && more)
        *ret_count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return well;
}
