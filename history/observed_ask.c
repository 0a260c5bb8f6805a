/* A question on observed rules as a statement. */
#include "history/observed_ask.h"

#include <stdio.h>

#include "history/filter_bind.h"

bool observed_ask(struct history *history, const struct observed_question *question,
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
