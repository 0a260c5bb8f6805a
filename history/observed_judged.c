/* Who was asked while it was observed stands in the records alone: verdicts that passed have no
 * rows.
 *
 * A million records are too many to be parsed while somebody waits. As our own writer lays them out
 * (compact, a verdict's rule first), a search for the mode does; in others, SQLite looks. No text
 * of a client's can look like that: in a JSON string each quote has a backslash before it. */
#include "history/observed.h"

#include <stdlib.h>
#include <string.h>

#include "history/observed_ask.h"

#define MODE "\"mode\":\"observe\""
#define RULE "{\"rule\":\""
#define RULE_BEFORE_MODE 200 /* bytes: words of ours stand between */

struct counter {
    char *rule;
    char *policy;
    int64_t decisions;
    int64_t last;
};

struct counting {
    const char *rule; /* only that one; NULL: all */
    sqlite3_stmt *parse;
    struct counter *counters;
    size_t count;
};

static bool says(struct bytes text, const char *said)
{
    return bytes_equal(text, bytes_of(said));
}

static char *copied(struct bytes text)
{
    return strndup(text.data ? text.data : "", text.len);
}

static int compare(const void *a, const void *b)
{
    const struct counter *left = a;
    const struct counter *right = b;
    int order = strcmp(left->rule, right->rule);
    return order ? order : strcmp(left->policy, right->policy);
}

/* One more. Rules times policies: there are few. */
static bool add(struct counting *counting, struct bytes rule, struct bytes policy, int64_t time,
                struct error *error)
{
    if (counting->rule && !says(rule, counting->rule))
        return true;
    for (size_t i = 0; i < counting->count; i++) {
        struct counter *counter = &counting->counters[i];
        if (!says(rule, counter->rule) || !says(policy, counter->policy))
            continue;
        counter->decisions++;
        if (time > counter->last)
            counter->last = time;
        return true;
    }
    struct counter *larger =
        reallocarray(counting->counters, counting->count + 1, sizeof *counting->counters);
    struct counter counter = {copied(rule), copied(policy), 1, time};
    if (larger)
        counting->counters = larger;
    if (!larger || !counter.rule || !counter.policy) {
        free(counter.rule);
        free(counter.policy);
        return error_set(error, "out of memory");
    }
    counting->counters[counting->count++] = counter;
    return true;
}

/* The rule of the verdict whose mode stands at `at`; false: it is laid out otherwise. */
static bool rule_before(struct bytes record, size_t at, struct bytes *ret_rule)
{
    size_t lead = strlen(RULE);
    size_t from = at;
    while (from > 0 && at - from < RULE_BEFORE_MODE && record.data[from] != '{')
        from--;
    struct bytes rest = bytes_slice(record, from + lead, at);
    *ret_rule = bytes_slice(rest, 0, bytes_find(rest, '"'));
    return at - from > lead && memcmp(record.data + from, RULE, lead) == 0;
}

static bool parse(struct history *history, struct counting *counting, struct bytes record,
                  struct bytes policy, int64_t time, struct error *error)
{
    bool more = false;
    sqlite3_stmt *statement = counting->parse;
    bool well = sqlite3_bind_text64(statement, 1, record.data, record.len, SQLITE_STATIC,
                                    SQLITE_UTF8) == SQLITE_OK ||
                error_set(error, "out of memory");
    while (well && (well = history_step(history, statement, &more, error)) && more)
        well = add(counting, history_column(statement, 0), policy, time, error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return well;
}

static bool take(struct history *history, struct counting *counting, struct bytes record,
                 struct bytes policy, int64_t time, struct error *error)
{
    static const char word[] = "\"observe\"";
    const char *end = record.data + record.len;
    const char *at = record.len ? memmem(record.data, record.len, MODE, strlen(MODE)) : NULL;
    struct bytes rule;
    if (!at && (!record.len || !memmem(record.data, record.len, word, strlen(word))))
        return true;
    if (!at || !rule_before(record, (size_t)(at - record.data), &rule))
        return parse(history, counting, record, policy, time, error);
    for (; at; at = memmem(at + 1, (size_t)(end - at - 1), MODE, strlen(MODE)))
        if (rule_before(record, (size_t)(at - record.data), &rule) &&
            !add(counting, rule, policy, time, error))
            return false;
    return true;
}

static bool count(struct history *history, struct counting *counting,
                  const struct history_filter *filter, struct error *error)
{
    static const struct observed_question question = {
        "SELECT d.policy, d.time, r.record FROM decisions AS d"
        " CROSS JOIN records AS r ON r.seq = d.seq WHERE 1",
        "", ""};
    sqlite3_stmt *statement;
    bool more = false;
    if (!observed_ask(history, &question, filter, &statement, error))
        return false;
    bool well = true;
    while (well && (well = history_step(history, statement, &more, error)) && more)
        well = take(history, counting, history_column(statement, 2), history_column(statement, 0),
                    sqlite3_column_int64(statement, 1), error);
    sqlite3_finalize(statement);
    return well;
}

bool observed_judged(struct history *history, const struct history_filter *filter,
                     bool (*row)(const struct observed_judged *row, void *context), void *context,
                     struct error *error)
{
    struct counting counting = {.rule = filter->rule};
    bool well = history_prepare(history,
                                "SELECT json_extract(value, '$.rule') FROM json_each(?1, "
                                "'$.verdicts') WHERE json_extract(value, '$.mode') = 'observe'",
                                &counting.parse, error) &&
                count(history, &counting, filter, error);
    if (well && counting.count)
        qsort(counting.counters, counting.count, sizeof *counting.counters, compare);
    for (size_t i = 0; well && i < counting.count; i++) {
        const struct counter *counter = &counting.counters[i];
        const struct observed_judged judged = {bytes_of(counter->rule), bytes_of(counter->policy),
                                               counter->decisions, counter->last};
        if (!row(&judged, context))
            break;
    }
    for (size_t i = 0; i < counting.count; i++) {
        free(counting.counters[i].rule);
        free(counting.counters[i].policy);
    }
    free(counting.counters);
    sqlite3_finalize(counting.parse);
    return well;
}
