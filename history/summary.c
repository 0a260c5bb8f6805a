/* A report's figures: the span is read once into a temporary table, which all questions are asked
 * of. */
#include "history/summary.h"

#include <stdlib.h>
#include <string.h>

#include "history/private.h"
#include "history/summary_private.h"

#define CEILING (256u << 20) /* of all texts */

static const char *const span[] = {
    "PRAGMA temp.cache_size = -65536", /* KiB; more goes to a file */
    "DROP TABLE IF EXISTS temp.span",
    "CREATE TEMP TABLE span (seq INTEGER PRIMARY KEY, time, id, command, client, network, login,"
    " auth_mech, tls_version, mail_from, from_address, rcpt_count, size, usec, action, rule, "
    "reason)",
};

static const char fill[] =
    "INSERT INTO temp.span SELECT seq, time, id, command, client, network, login, auth_mech,"
    " tls_version, mail_from, from_address, rcpt_count, size, usec, action, rule, reason"
    " FROM main.decisions WHERE time >= ?2 AND time < ?3 AND ?1";

const char *summary_outcome_word(enum summary_outcome outcome)
{
    static const char *const words[] = {[SUMMARY_ACCEPTED] = "accepted",
                                        [SUMMARY_FIXED] = "fixed",
                                        [SUMMARY_QUARANTINED] = "quarantined",
                                        [SUMMARY_DEFERRED] = "deferred",
                                        [SUMMARY_REFUSED] = "refused"};
    return words[outcome];
}

enum summary_outcome summary_outcome_of(const char *action)
{
    static const struct {
        const char *action;
        enum summary_outcome outcome;
    } outcomes[] = {{"fix", SUMMARY_FIXED},
                    {"quarantine", SUMMARY_QUARANTINED},
                    {"tempfail", SUMMARY_DEFERRED},
                    {"reject", SUMMARY_REFUSED}};
    for (size_t i = 0; action && i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(outcomes[i].action, action) == 0)
            return outcomes[i].outcome;
    return SUMMARY_ACCEPTED;
}

bool summary_run(const struct summary_question *question, const char *sql)
{
    bool row;
    sqlite3_stmt *statement;
    bool good = history_prepare(question->history, sql, &statement, question->error) &&
                history_step(question->history, statement, &row, question->error);
    sqlite3_finalize(statement);
    return good;
}

sqlite3_stmt *summary_ask(const struct summary_question *question, const char *sql)
{
    sqlite3_stmt *statement;
    if (!history_prepare(question->history, sql, &statement, question->error))
        return NULL;
    if (sqlite3_bind_parameter_count(statement) >= 1)
        sqlite3_bind_int64(statement, 1, (int64_t)question->top);
    if (sqlite3_bind_parameter_count(statement) >= 2)
        sqlite3_bind_int64(statement, 2, question->summary->since);
    if (sqlite3_bind_parameter_count(statement) >= 3)
        sqlite3_bind_int64(statement, 3, question->summary->until);
    return statement;
}

bool summary_next(const struct summary_question *question, sqlite3_stmt *statement, bool *ret_row)
{
    *ret_row = false;
    if (arena_failed(question->summary->arena))
        return error_set(question->error, "out of memory");
    return history_step(question->history, statement, ret_row, question->error);
}

const char *summary_text(const struct summary_question *question, sqlite3_stmt *statement,
                         int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_text(question->summary->arena, bytes_of(text)) : NULL;
}

bool summary_list(const struct summary_question *question, const char *sql, size_t size,
                  void (*fill_row)(const struct summary_question *question, sqlite3_stmt *statement,
                                   void *row),
                  void *ret_rows, size_t *ret_count, int64_t *ret_all)
{
    sqlite3_stmt *statement = summary_ask(question, sql);
    char *rows = arena_alloc(question->summary->arena, question->top * size);
    bool row = false, good = statement;
    memcpy(ret_rows, &rows, sizeof rows);
    *ret_count = 0;
    *ret_all = 0;
    while (good && *ret_count < question->top && (good = summary_next(question, statement, &row)) &&
           row) {
        *ret_all = sqlite3_column_int64(statement, sqlite3_column_count(statement) - 1);
        fill_row(question, statement, rows + size * (*ret_count)++);
    }
    sqlite3_finalize(statement);
    return good &&
           (!arena_failed(question->summary->arena) || error_set(question->error, "out of memory"));
}

/* When the history begins, and what an open since means; 0 where there is nothing. */
static bool find_begin(const struct summary_question *question)
{
    struct summary *summary = question->summary;
    sqlite3_stmt *statement = summary_ask(
        question,
        "SELECT (SELECT min(time) FROM main.decisions), (SELECT max(time) FROM main.decisions)");
    bool row, good = statement && summary_next(question, statement, &row);
    int64_t oldest = good && row ? sqlite3_column_int64(statement, 0) : 0;
    summary->oldest = oldest;
    summary->newest = good && row ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_finalize(statement);
    if (!summary->since)
        summary->since = oldest ? oldest : summary->until;
    summary->begin = oldest > summary->since ? oldest : summary->since;
    return good;
}

static bool read_span(const struct summary_question *question)
{
    for (size_t i = 0; i < sizeof span / sizeof *span; i++)
        if (!summary_run(question, span[i]))
            return false;
    sqlite3_stmt *statement = summary_ask(question, fill);
    bool row, good = statement && summary_next(question, statement, &row);
    sqlite3_finalize(statement);
    return good && summary_run(question, "CREATE INDEX temp.span_login ON span (login, time)");
}

bool summary_collect(struct history *history, int64_t since, int64_t until, int64_t now, size_t top,
                     struct summary **ret_summary, struct error *error)
{
    struct summary *summary = calloc(1, sizeof *summary);
    struct arena *arena = summary ? arena_new(CEILING) : NULL;
    *ret_summary = NULL;
    if (!arena) {
        free(summary);
        return error_set(error, "out of memory");
    }
    summary->arena = arena;
    summary->since = since;
    summary->until = until ? until : now;
    const struct summary_question question = {history, top, summary, error};
    bool good = find_begin(&question) && read_span(&question) && summary_count(&question) &&
                summary_rows(&question) && summary_networks(&question) &&
                summary_contained(&question) && summary_friction(&question);
    sqlite3_exec(history_database(history), "DROP TABLE IF EXISTS temp.span", NULL, NULL, NULL);
    if (good)
        *ret_summary = summary;
    else
        summary_free(summary);
    return good;
}

void summary_free(struct summary *summary)
{
    if (!summary)
        return;
    arena_free(summary->arena);
    free(summary);
}
