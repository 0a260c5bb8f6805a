/* A filter's members as SQL conditions, a row each. */
#include "history/filter.h"

#include <string.h>

#include "history/filter_bind.h"
#include "history/network.h"

#define REFUSES                                                                                    \
    "v.mode = 'observe' AND v.action IN ('slow', 'freeze', 'quarantine', 'tempfail', 'reject')"

static const char *client_condition(const struct network *network)
{
    return network->bits == 128 ? "d.client = :client" : "in_network(d.client, :client)";
}

/* The same verdict has to meet all of it. */
static const char *verdict_condition(const struct history_filter *filter)
{
    static const char *const texts[2][2][2] = {
        {{NULL, "(d.reason = :reason OR EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"
                " AND v.reason = :reason))"},
         {"(d.rule = :rule OR EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq"
          " AND v.rule = :rule))",
          "(d.rule = :rule AND d.reason = :reason OR EXISTS (SELECT 1 FROM verdicts AS v"
          " WHERE v.seq = d.seq AND v.rule = :rule AND v.reason = :reason))"}},
        {{"EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq AND " REFUSES ")",
          "EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq AND v.reason = :reason"
          " AND " REFUSES ")"},
         {"EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq AND v.rule = :rule"
          " AND " REFUSES ")",
          "EXISTS (SELECT 1 FROM verdicts AS v WHERE v.seq = d.seq AND v.rule = :rule"
          " AND v.reason = :reason AND " REFUSES ")"}},
    };
    return texts[filter->would][filter->rule != NULL][filter->reason != NULL];
}

static void add(char sql[FILTER_SQL_MAX], const char *condition)
{
    if (!condition)
        return;
    if (*sql)
        strncat(sql, " AND ", FILTER_SQL_MAX - strlen(sql) - 1);
    strncat(sql, condition, FILTER_SQL_MAX - strlen(sql) - 1);
}

static const char *login_condition(const char *login)
{
    if (!login)
        return NULL;
    return *login ? "d.login = :login" : "(d.login IS NULL OR d.login = '')";
}

bool filter_condition(const struct history_filter *filter, char ret_sql[FILTER_SQL_MAX],
                      struct error *error)
{
    struct network network;
    if (filter->client && !network_read(filter->client, &network, error))
        return false;
    *ret_sql = '\0';
    add(ret_sql, filter->since ? "d.time >= :since" : NULL);
    add(ret_sql, filter->until ? "d.time < :until" : NULL);
    add(ret_sql, filter->after_seq ? "d.seq > :after_seq" : NULL);
    add(ret_sql, filter->id ? "d.id = upper(:id)" : NULL);
    add(ret_sql, filter->queue_id ? "d.queue_id = :queue_id" : NULL);
    add(ret_sql, login_condition(filter->login));
    add(ret_sql, filter->client ? client_condition(&network) : NULL);
    add(ret_sql, filter->address ? "d.seq IN (SELECT a.seq FROM addresses AS a"
                                   " WHERE a.address = :address COLLATE NOCASE)"
                                 : NULL);
    add(ret_sql, filter->action ? "d.action = :action" : NULL);
    add(ret_sql, verdict_condition(filter));
    add(ret_sql, *ret_sql ? NULL : "1");
    return true;
}

const char *filter_order(const struct history_filter *filter)
{
    return filter->newest_first ? " ORDER BY d.time DESC, d.seq DESC LIMIT :limit"
                                : " ORDER BY d.time, d.seq LIMIT :limit";
}

static int bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int number = sqlite3_bind_parameter_index(statement, name);
    return number && text ? sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC)
                          : SQLITE_OK;
}

static int bind_number(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int number = sqlite3_bind_parameter_index(statement, name);
    return number ? sqlite3_bind_int64(statement, number, value) : SQLITE_OK;
}

/* As it stands in the records. */
static int bind_client(sqlite3_stmt *statement, const char *client)
{
    struct network network;
    struct error error;
    char text[NETWORK_TEXT_MAX];
    int number = sqlite3_bind_parameter_index(statement, ":client");
    if (!number || !client || !network_read(client, &network, &error))
        return SQLITE_OK;
    network_text(&network, text);
    return sqlite3_bind_text(statement, number, text, -1, SQLITE_TRANSIENT);
}

bool filter_bind(const struct history_filter *filter, sqlite3_stmt *statement, struct error *error)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {":id", filter->id},           {":queue_id", filter->queue_id}, {":login", filter->login},
        {":address", filter->address}, {":action", filter->action},     {":rule", filter->rule},
        {":reason", filter->reason},
    };
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {":since", filter->since},
        {":until", filter->until},
        {":after_seq", filter->after_seq},
        {":limit", filter->limit ? (int64_t)filter->limit : -1},
    };
    int code = bind_client(statement, filter->client);
    for (size_t i = 0; code == SQLITE_OK && i < sizeof texts / sizeof *texts; i++)
        code = bind_text(statement, texts[i].name, texts[i].text);
    for (size_t i = 0; code == SQLITE_OK && i < sizeof numbers / sizeof *numbers; i++)
        code = bind_number(statement, numbers[i].name, numbers[i].value);
    return code == SQLITE_OK || error_set(error, "%s", sqlite3_errstr(code));
}
