/* Logins that were contained: by a sign of theft, by an admin, or past the threshold of limits. */
#include "history/summary_private.h"

/* The rules whose violation may contain the login, also where the message itself is refused. */
#define SIGNS "('many_networks', 'new_network', 'many_refusals', 'new_client', 'night_burst')"

/* A cause begins with the sign's own message; of an admin's only what it held back is recorded. The
 * records are read of signs alone, as one that an admin's thaw outweighs contains nobody. */
static const char contained[] =
    "WITH signs AS ("
    " SELECT s.login, s.time, s.id, v.rule || '.' || v.reason AS cause,"
    "  (SELECT json_extract(value, '$.contain') FROM json_each(r.record, '$.verdicts')"
    "   WHERE json_extract(value, '$.rule') = v.rule) AS contain"
    "  FROM main.verdicts AS v CROSS JOIN temp.span AS s ON s.seq = v.seq"
    "  CROSS JOIN main.records AS r ON r.seq = s.seq"
    "  WHERE v.mode = 'enforce' AND v.rule IN " SIGNS
    "  AND v.seq BETWEEN (SELECT min(seq) FROM temp.span) AND (SELECT max(seq) FROM temp.span)"
    "  AND json_extract(r.record, '$.contained') IS NOT NULL),"
    " events AS ("
    " SELECT login, time, id, contain = 'freeze' AS frozen, 0 AS past, cause, NULL AS held"
    "  FROM signs WHERE contain IS NOT NULL"
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
