/* Decisions by a filter. */
#include "history/find.h"

#include <stdio.h>

#include "history/filter_bind.h"
#include "history/private.h"

#define COLUMNS                                                                                    \
    "d.seq, d.time, d.rcpt_count, d.size, d.usec, d.id, d.queue_id, d.command, d.listener,"        \
    " d.policy, d.config, d.client, d.network, d.login, d.auth_mech, d.tls_version, d.cipher,"     \
    " d.mail_from, d.from_address, d.message_id, d.action, d.rule, d.reason"
#define FIRST_TEXT 5

static void read_row(sqlite3_stmt *statement, struct history_row *row)
{
    struct bytes *const texts[] = {
        &row->id,          &row->queue_id, &row->command,   &row->listener,     &row->policy,
        &row->config,      &row->client,   &row->network,   &row->login,        &row->auth_mech,
        &row->tls_version, &row->cipher,   &row->mail_from, &row->from_address, &row->message_id,
        &row->action,      &row->rule,     &row->reason,
    };
    row->seq = sqlite3_column_int64(statement, 0);
    row->time = sqlite3_column_int64(statement, 1);
    row->rcpt_count = sqlite3_column_int64(statement, 2);
    row->size = sqlite3_column_int64(statement, 3);
    row->usec = sqlite3_column_int64(statement, 4);
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        *texts[i] = history_column(statement, FIRST_TEXT + i);
    row->record = (struct bytes){0};
}

/* records may be NULL: without them. What it gives is good until it is called again. */
static bool read_record(struct history *history, sqlite3_stmt *records, struct history_row *row,
                        struct error *error)
{
    bool there;
    if (!records)
        return true;
    sqlite3_reset(records);
    sqlite3_bind_int64(records, 1, row->seq);
    if (!history_step(history, records, &there, error))
        return false;
    if (there)
        row->record = history_column(records, 0);
    return true;
}

/* Not a join: rows that are sorted, or not taken, would be dragged along with their records. */
static bool give_rows(struct history *history, sqlite3_stmt *rows, sqlite3_stmt *records,
                      bool (*row)(const struct history_row *row, void *context), void *context,
                      struct error *error)
{
    bool more = false;
    bool well = history_step(history, rows, &more, error);
    while (well && more) {
        struct history_row found;
        read_row(rows, &found);
        well = read_record(history, records, &found, error);
        if (!well || !row(&found, context))
            break;
        well = history_step(history, rows, &more, error);
    }
    return well;
}

bool history_find(struct history *history, const struct history_filter *filter,
                  bool (*row)(const struct history_row *row, void *context), void *context,
                  struct error *error)
{
    char condition[FILTER_SQL_MAX];
    char sql[FILTER_SQL_MAX + 600];
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *records = NULL;
    if (!filter_condition(filter, condition, error))
        return false;
    snprintf(sql, sizeof sql, "SELECT " COLUMNS " FROM decisions AS d WHERE %s%s", condition,
             filter_order(filter));
    bool well =
        history_prepare(history, sql, &rows, error) && filter_bind(filter, rows, error) &&
        (filter->without_record ||
         history_prepare(history, "SELECT record FROM records WHERE seq = ?1", &records, error)) &&
        give_rows(history, rows, records, row, context, error);
    sqlite3_finalize(records);
    sqlite3_finalize(rows);
    return well;
}
