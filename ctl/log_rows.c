/* Printing decisions. */
#include "ctl/log_rows.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/table_text.h"
#include "ctl/when.h"
#include "history/observed_verdicts.h"
#include "policy/rule.h"

#define ROWS_AT_ONCE 1000

struct log_rows {
    FILE *out;                /* standard output */
    struct table_text *table; /* NULL: JSON */
    bool terminal;
    bool any;
};

static const struct table_text_column columns[] = {
    {.title = "TIME"},
    {.title = "LOGIN", .least = 8},
    {.title = "CLIENT", .least = 9, .spare = 1},
    {.title = "FROM", .least = 10},
    {.title = "ACTION"},
    {.title = "REASON", .least = 10, .enough = 44}, /* what two observed rules would do */
    {.title = "QUEUE ID", .spare = 3},
    {.title = "ID", .spare = 2},
};

struct log_rows *log_rows_new(bool json, FILE *out)
{
    struct log_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return NULL;
    rows->out = out;
    rows->terminal = isatty(fileno(out));
    rows->table = json ? NULL : table_text_new(columns, sizeof columns / sizeof *columns);
    if (rows->table || json)
        return rows;
    free(rows);
    return NULL;
}

void log_rows_free(struct log_rows *rows)
{
    if (!rows)
        return;
    table_text_free(rows->table);
    free(rows);
}

struct reason {
    FILE *out;
    char said[16]; /* what the last of the words would have been */
    bool any;
};

/* "would reject: auth.mechanism from.not-owned; would tempfail: dkim.no-key" */
static void put_observed(const struct observed_verdict *verdict, void *context)
{
    struct reason *reason = context;
    struct bytes action = bytes_slice(verdict->action, 0, sizeof reason->said - 1);
    if (!bytes_equal(action, bytes_of(reason->said))) {
        fprintf(reason->out, "%swould %.*s:", reason->any ? "; " : "", (int)action.len,
                action.data);
        snprintf(reason->said, sizeof reason->said, "%.*s", (int)action.len, action.data);
    }
    reason->any = true;
    fprintf(reason->out, " %.*s.%.*s", (int)verdict->rule.len, verdict->rule.data,
            (int)verdict->reason.len, verdict->reason.data);
}

static void put_decider(const struct history_row *row, struct reason *reason)
{
    if (!row->rule.len)
        return;
    fprintf(reason->out, "%s%.*s.%.*s", reason->any ? "; " : "", (int)row->rule.len, row->rule.data,
            (int)row->reason.len, row->reason.data);
    reason->any = true;
}

/* First what it would have come to, as the message went out all the same; where it did not, first
 * why. */
static bool put_reason(struct history *history, const struct history_row *row,
                       struct reason *reason, struct error *error)
{
    bool stayed =
        bytes_equal(row->action, BYTES("reject")) || bytes_equal(row->action, BYTES("tempfail"));
    if (stayed)
        put_decider(row, reason);
    if (!observed_verdicts(history, row->seq, put_observed, reason, error))
        return false;
    if (!stayed)
        put_decider(row, reason);
    return true;
}

static bool add_reason(struct log_rows *rows, struct history *history,
                       const struct history_row *row, struct error *error)
{
    char *text = NULL;
    size_t len;
    struct reason reason = {open_memstream(&text, &len), "", false};
    if (!reason.out)
        return error_set(error, "out of memory");
    bool asked = put_reason(history, row, &reason, error);
    bool written = fclose(reason.out) == 0 || error_set(error, "out of memory");
    if (asked && written)
        table_text_add(rows->table, len ? (struct bytes){text, len} : BYTES("-"));
    free(text);
    return asked && written;
}

/* From's address; where the message never came so far, the envelope's. */
static void add_from(struct table_text *table, const struct history_row *row)
{
    char text[1100];
    if (row->from_address.len || !row->mail_from.data) {
        table_text_add(table, row->from_address.len ? row->from_address : BYTES("-"));
        return;
    }
    int len = snprintf(text, sizeof text, "<%.*s>", (int)row->mail_from.len, row->mail_from.data);
    table_text_add(table, bytes_slice((struct bytes){text, sizeof text - 1}, 0, (size_t)len));
}

static struct bytes or_dash(struct bytes text)
{
    return text.len ? text : BYTES("-");
}

static bool add_row(struct log_rows *rows, struct history *history, const struct history_row *row,
                    struct error *error)
{
    char time[WHEN_SIZE];
    if (rows->terminal)
        when_short(row->time, when_now(), time);
    else
        when_local(row->time, time);
    table_text_add(rows->table, bytes_of(time));
    table_text_add(rows->table, or_dash(row->login));
    table_text_add(rows->table, or_dash(row->client));
    add_from(rows->table, row);
    table_text_add(rows->table, row->action);
    if (!add_reason(rows, history, row, error))
        return false;
    bool queued = row->queue_id.len && !bytes_equal(row->queue_id, BYTES("NOQUEUE"));
    table_text_add(rows->table, queued ? row->queue_id : BYTES("-"));
    table_text_add(rows->table, row->id);
    return table_text_rows(rows->table) <= ROWS_AT_ONCE || log_rows_flush(rows, error);
}

bool log_rows_add(struct log_rows *rows, struct history *history, const struct history_row *row,
                  struct error *error)
{
    rows->any = true;
    if (rows->table)
        return add_row(rows, history, row, error);
    if (rows->terminal)
        plain_write_value(rows->out, row->record);
    else
        fwrite(row->record.data, 1, row->record.len, rows->out);
    fputc('\n', rows->out);
    return !ferror(rows->out);
}

bool log_rows_flush(struct log_rows *rows, struct error *error)
{
    if (rows->table && table_text_rows(rows->table) &&
        !table_text_print(rows->table, rows->out, error))
        return false;
    output_flush();
    return !ferror(rows->out);
}

bool log_rows_any(const struct log_rows *rows)
{
    return rows->any;
}
