/* A summary's lists that are one question each. */
#include <string.h>

#include "history/summary_private.h"

/* The id beside max(time) is that of the row with the latest time: SQLite's rule for bare columns.
 */
static const char reasons[] =
    "SELECT *, count(*) OVER () FROM"
    " (SELECT rule, reason, action, count(*) AS n, count(DISTINCT login), id, max(time)"
    "  FROM temp.span WHERE rule IS NOT NULL AND action != 'accept' GROUP BY rule, reason, action)"
    " ORDER BY action = 'fix', n DESC, rule, reason LIMIT ?1";

/* Of what went through, as history/observed.h has it. */
static const char would[] =
    "SELECT *, count(*) OVER () FROM"
    " (SELECT v.rule, v.reason, v.action, count(*) AS n, count(DISTINCT login), id, max(time)"
    "  FROM main.verdicts AS v CROSS JOIN temp.span AS s ON s.seq = v.seq"
    "  WHERE v.mode = 'observe' AND v.action != 'accept' AND s.action IN ('accept', 'fix')"
    "  AND v.seq BETWEEN (SELECT min(seq) FROM temp.span) AND (SELECT max(seq) FROM temp.span)"
    "  GROUP BY v.rule, v.reason, v.action)"
    " ORDER BY action = 'fix', n DESC, rule, reason LIMIT ?1";

/* max(n) chooses whose rule, reason and id are shown. */
static const char people[] =
    "WITH why AS (SELECT login, rule, reason, count(*) AS n, sum(action = 'reject') AS refused,"
    "  sum(action = 'tempfail') AS deferred, id, max(time) AS last"
    "  FROM temp.span WHERE " SUMMARY_STOPPED " GROUP BY login, rule, reason)"
    " SELECT login, refused, deferred,"
    " (SELECT count(*) FROM temp.span AS s WHERE s.login IS person.login),"
    " rule, reason, n, id, last, people FROM"
    " (SELECT *, count(*) OVER () AS people FROM"
    "   (SELECT login, sum(refused) AS refused, sum(deferred) AS deferred, rule, reason,"
    "    max(n) AS n, id, last FROM why GROUP BY login)"
    "  ORDER BY refused + deferred DESC, login LIMIT ?1) AS person"
    " ORDER BY refused + deferred DESC, login";

#define USES(column)                                                                               \
    "SELECT *, count(*) OVER () FROM"                                                              \
    " (SELECT " column " AS name, count(*) AS n, count(DISTINCT login), max(time)"                 \
    "  FROM temp.span WHERE login IS NOT NULL GROUP BY " column ")"                                \
    " ORDER BY n DESC, name LIMIT ?1"

/* Of mail that was let go and that was ours to sign. Counted by address first: the domain is then
 * looked for in few rows. */
static const char signing[] =
    "WITH mail AS (SELECT from_address, login IS NOT NULL AS ours, id,"
    "  EXISTS (SELECT 1 FROM main.signatures AS g WHERE g.seq = s.seq) AS has FROM temp.span AS s"
    "  WHERE command IS NULL AND NOT " SUMMARY_STOPPED "),"
    " senders AS (SELECT from_address, has, count(*) AS n, max(id) AS id FROM mail"
    "  WHERE ours OR has GROUP BY from_address, has),"
    " domains AS (SELECT domain_of(nullif(from_address, '')) AS domain, has, n, id FROM senders)"
    " SELECT *, count(*) OVER () FROM"
    " (SELECT domain, sum(n * has) AS n, sum(n * NOT has) AS bare,"
    "  max(CASE WHEN NOT has THEN id END) FROM domains GROUP BY domain)"
    " ORDER BY n + bare DESC, domain LIMIT ?1";

/* A sign's would: the message goes on, what the login sends next does not. */
static void fill_outcome(const char *action, struct summary_reason *reason)
{
    bool slow = action && strcmp(action, "slow") == 0,
         freeze = action && strcmp(action, "freeze") == 0;
    reason->outcome = slow || freeze ? SUMMARY_DEFERRED : summary_outcome_of(action);
    reason->word = slow ? "slowed" : freeze ? "frozen" : summary_outcome_word(reason->outcome);
}

static void fill_reason(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_reason *reason = row;
    reason->rule = summary_text(question, from, 0);
    reason->reason = summary_text(question, from, 1);
    fill_outcome((const char *)sqlite3_column_text(from, 2), reason);
    reason->count = sqlite3_column_int64(from, 3);
    reason->logins = sqlite3_column_int64(from, 4);
    reason->example = summary_text(question, from, 5);
    reason->last = sqlite3_column_int64(from, 6);
}

static void fill_person(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_person *person = row;
    person->login = summary_text(question, from, 0);
    person->refused = sqlite3_column_int64(from, 1);
    person->deferred = sqlite3_column_int64(from, 2);
    person->all = sqlite3_column_int64(from, 3);
    person->rule = summary_text(question, from, 4);
    person->reason = summary_text(question, from, 5);
    person->count = sqlite3_column_int64(from, 6);
    person->example = summary_text(question, from, 7);
    person->last = sqlite3_column_int64(from, 8);
}

static void fill_use(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_use *use = row;
    use->name = summary_text(question, from, 0);
    use->count = sqlite3_column_int64(from, 1);
    use->logins = sqlite3_column_int64(from, 2);
    use->last = sqlite3_column_int64(from, 3);
}

static void fill_signing(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_signing *domain = row;
    domain->domain = summary_text(question, from, 0);
    domain->signed_mail = sqlite3_column_int64(from, 1);
    domain->unsigned_mail = sqlite3_column_int64(from, 2);
    domain->example = summary_text(question, from, 3);
}

#define LIST(sql, fill, member)                                                                    \
    summary_list(question, sql, sizeof *summary->member.rows, fill, &summary->member.rows,         \
                 &summary->member.count, &summary->member.all)

bool summary_rows(const struct summary_question *question)
{
    struct summary *summary = question->summary;
    return LIST(reasons, fill_reason, reasons) && LIST(would, fill_reason, would) &&
           LIST(people, fill_person, people) && LIST(USES("tls_version"), fill_use, tls) &&
           LIST(USES("auth_mech"), fill_use, mechanisms) && LIST(signing, fill_signing, signing);
}
