/* Logins that were contained: by a sign of theft, by an admin, or past the threshold of limits. */
#include "history/summary_private.h"

/* A cause begins with the sign's own message; of an admin's only what it held back is recorded. The
 * records are read of signs alone, as one that an admin's thaw outweighs contains nobody. */
static const char contained[] =
    "WITH events AS ("
    " SELECT s.login, s.time, s.id, v.action = 'freeze' AS frozen, 0 AS past,"
    "  v.rule || '.' || v.reason AS cause, NULL AS held"
    "  FROM main.verdicts AS v CROSS JOIN temp.span AS s ON s.seq = v.seq"
    "  WHERE v.mode = 'enforce' AND v.action IN ('slow', 'freeze')"
    "  AND v.seq BETWEEN (SELECT min(seq) FROM temp.span) AND (SELECT max(seq) FROM temp.span)"
    "  AND EXISTS (SELECT 1 FROM main.records AS r WHERE r.seq = s.seq"
    "   AND json_extract(r.record, '$.contained') IS NOT NULL)"
    " UNION ALL"
    " SELECT s.login, s.time, s.id, s.reason = 'frozen', s.rule = 'limits',"
    "  CASE s.rule WHEN 'limits' THEN 'limits.contain' ELSE v.fact END,"
    "  CASE s.command WHEN 'RCPT' THEN 'rcpt' ELSE 'mail' END"
    "  FROM temp.span AS s JOIN main.verdicts AS v ON v.seq = s.seq AND v.rule = s.rule"
    "  WHERE s." SUMMARY_STOPPED
    "  AND (s.rule = 'login_state' OR (s.rule = 'limits' AND s.reason = 'contain')))"
    " SELECT *, count(*) OVER () FROM"
    " (SELECT login, cause, max(frozen), max(past), min(time), sum(held IS 'mail') AS mail,"
    "   sum(held IS 'rcpt') AS rcpts, id, max(time) AS last"
    "  FROM events WHERE login IS NOT NULL GROUP BY login, cause)"
    " ORDER BY mail + rcpts DESC, last DESC, login LIMIT ?1";

static void fill(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_contained *login = row;
    login->login = summary_text(question, from, 0);
    login->cause = summary_text(question, from, 1);
    login->state = sqlite3_column_int(from, 3)   ? "contained"
                   : sqlite3_column_int(from, 2) ? "frozen"
                                                 : "slowed";
    login->first = sqlite3_column_int64(from, 4);
    login->messages = sqlite3_column_int64(from, 5);
    login->rcpts = sqlite3_column_int64(from, 6);
    login->example = summary_text(question, from, 7);
    login->last = sqlite3_column_int64(from, 8);
}

bool summary_contained(const struct summary_question *question)
{
    struct summary *summary = question->summary;
    return summary_list(question, contained, sizeof *summary->contained.rows, fill,
                        &summary->contained.rows, &summary->contained.count,
                        &summary->contained.all);
}
