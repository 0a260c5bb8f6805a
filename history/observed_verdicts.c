/* A decision's verdicts of observed rules. */
#include "history/observed_verdicts.h"

#include "history/private.h"

bool observed_verdicts(struct history *history, int64_t seq,
                       void (*verdict)(const struct observed_verdict *verdict, void *context),
                       void *context, struct error *error)
{
    sqlite3_stmt *statement;
    bool row = false;
    if (!history_prepare(history,
                         "SELECT rule, reason, action, fact FROM verdicts WHERE seq = ?1"
                         " AND mode = 'observe' AND action NOT IN ('accept', 'fix')"
                         " ORDER BY action = 'reject' DESC, action = 'tempfail' DESC,"
                         " action = 'quarantine' DESC, action, rule",
                         &statement, error))
        return false;
    sqlite3_bind_int64(statement, 1, seq);
    bool well = history_step(history, statement, &row, error);
    while (well && row) {
        struct observed_verdict found = {history_column(statement, 0), history_column(statement, 1),
                                         history_column(statement, 2),
                                         history_column(statement, 3)};
        verdict(&found, context);
        well = history_step(history, statement, &row, error);
    }
    sqlite3_finalize(statement);
    return well;
}
