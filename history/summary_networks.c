/* Networks that a login had not been seen from. */
#include "history/summary_private.h"

/* here: the span's; before: what the history knows from earlier. A login's very first network is
 * new only where the history reaches further back than the span. */
static const char *const tables[] = {
    "DROP TABLE IF EXISTS temp.here",
    "DROP TABLE IF EXISTS temp.before",
    "CREATE TEMP TABLE here (login, network, first, client, id, let_go, stopped,"
    " PRIMARY KEY (login, network)) WITHOUT ROWID",
    "INSERT INTO temp.here SELECT login, network, min(time), client, id,"
    " sum(NOT " SUMMARY_STOPPED "), sum(" SUMMARY_STOPPED ") FROM temp.span"
    " WHERE login IS NOT NULL AND network IS NOT NULL GROUP BY login, network",
    "CREATE TEMP TABLE before (login, network, n, PRIMARY KEY (login, network)) WITHOUT ROWID",
};

static const char earlier[] =
    "INSERT INTO temp.before SELECT login, network, count(*) FROM main.decisions"
    " WHERE ?1 AND time < ?2 AND login IN (SELECT login FROM temp.here) AND network IS NOT NULL"
    " GROUP BY login, network";

/* known: the networks before this one, of before and of here. */
static const char networks[] =
    "WITH new AS (SELECT h.*, row_number() OVER (PARTITION BY login ORDER BY first, network) - 1"
    "  AS earlier FROM temp.here AS h"
    "  WHERE NOT EXISTS (SELECT 1 FROM temp.before AS b"
    "   WHERE b.login = h.login AND b.network = h.network)),"
    " old AS (SELECT login, count(*) AS n FROM temp.before GROUP BY login),"
    " shown AS (SELECT *, count(*) OVER () AS networks FROM"
    "  (SELECT new.*, earlier + coalesce(old.n, 0) AS known FROM new LEFT JOIN old USING (login))"
    "  WHERE known OR ?2 > (SELECT min(time) FROM main.decisions)"
    "  ORDER BY stopped DESC, let_go DESC, first DESC, login, network LIMIT ?1)"
    " SELECT login, network, client, first, let_go, stopped, known,"
    " coalesce((SELECT network FROM temp.before AS b WHERE b.login = s.login"
    "   ORDER BY n DESC, network LIMIT 1),"
    "  (SELECT network FROM temp.here AS o WHERE o.login = s.login AND o.first < s.first"
    "   ORDER BY first, network LIMIT 1)),"
    " id, networks FROM shown AS s ORDER BY stopped DESC, let_go DESC, first DESC, login, network";

static void fill_network(const struct summary_question *question, sqlite3_stmt *from, void *row)
{
    struct summary_network *network = row;
    network->login = summary_text(question, from, 0);
    network->network = summary_text(question, from, 1);
    network->client = summary_text(question, from, 2);
    network->first = sqlite3_column_int64(from, 3);
    network->let_go = sqlite3_column_int64(from, 4);
    network->stopped = sqlite3_column_int64(from, 5);
    network->known = sqlite3_column_int64(from, 6);
    network->usual = summary_text(question, from, 7);
    network->example = summary_text(question, from, 8);
}

bool summary_networks(const struct summary_question *question)
{
    struct summary *summary = question->summary;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!summary_run(question, tables[i]))
            return false;
    sqlite3_stmt *statement = summary_ask(question, earlier);
    bool row, good = statement && summary_next(question, statement, &row);
    sqlite3_finalize(statement);
    return good &&
           summary_list(question, networks, sizeof *summary->networks.rows, fill_network,
                        &summary->networks.rows, &summary->networks.count,
                        &summary->networks.all) &&
           summary_run(question, "DROP TABLE temp.here") &&
           summary_run(question, "DROP TABLE temp.before");
}
