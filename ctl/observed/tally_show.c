/* A tally as tables and as JSON. */
#include "ctl/observed/tally.h"

#include <inttypes.h>
#include <string.h>

#include "conf/modes.h"
#include "ctl/table_text.h"
#include "ctl/when.h"
#include "policy/rule.h"

static int64_t last_of(const struct tally *tally, size_t from, size_t to)
{
    int64_t last = 0;
    for (size_t i = from; i < to; i++)
        if (tally_would_refuse(&tally->rows[i]) && tally->rows[i].last > last)
            last = tally->rows[i].last;
    return last;
}

/* The heaviest that it would have led to. */
static const char *action_of(const struct tally *tally, size_t from, size_t to)
{
    static const char *const words[] = {"slow", "freeze", "quarantine", "tempfail", "reject"};
    size_t heaviest = 0;
    for (size_t i = from; i < to; i++)
        for (size_t j = heaviest + 1; j < sizeof words / sizeof *words; j++)
            if (tally_would_refuse(&tally->rows[i]) && strcmp(tally->rows[i].action, words[j]) == 0)
                heaviest = j;
    return words[heaviest];
}

static bool all_enforced_now(const struct tally *tally, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (tally_would_refuse(&tally->rows[i]) && !tally->rows[i].enforced_now)
            return false;
    return true;
}

static void add_time(struct table_text *table, int64_t time)
{
    char text[WHEN_SIZE];
    when_local(time, text);
    table_text_add(table, bytes_of(text));
}

static bool finish(struct table_text *table, FILE *out, struct error *error)
{
    bool printed = table_text_print(table, out, error);
    table_text_free(table);
    return printed;
}

bool tally_print_reasons(const struct tally *tally, FILE *out, struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "rule"},
        {.title = "policy", .least = 8, .spare = 2},
        {.title = "reason", .least = 8},
        {.title = "would", .spare = 3},
        {.title = "messages", .right = true},
        {.title = "people", .right = true},
        {.title = "last", .spare = 1},
    };
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    if (!table)
        return error_set(error, "memory is out");
    for (size_t from = 0, to; from < tally->count; from = to) {
        const struct tally_row *row = &tally->rows[from];
        to = tally_end_of_reason(tally, from);
        int64_t messages = tally_messages(tally, from, to);
        if (!messages)
            continue;
        table_text_add(table, bytes_of(row->rule));
        table_text_add(table, bytes_of(row->policy));
        table_text_add(table, bytes_of(row->reason));
        const char *action = action_of(tally, from, to);
        const char *would =
            arena_printf(tally->arena, "%s%s", strcmp(action, "tempfail") == 0 ? "defer" : action,
                         all_enforced_now(tally, from, to) ? " (enforced now)" : "");
        table_text_add(table, bytes_of(would));
        table_text_add_number(table, messages);
        table_text_add_number(table, (int64_t)tally_people(tally, from, to));
        add_time(table, last_of(tally, from, to));
    }
    return finish(table, out, error);
}

/* Whether its fact says which limit or sign, and by how much it was passed. */
static bool is_counted(const char *name)
{
    struct error ignored;
    enum rule_id rule = name ? modes_rule_named(name, &ignored) : RULE_COUNT;
    return rule < RULE_COUNT && rules[rule]->counted;
}

static void add_person(struct table_text *table, const struct tally *tally,
                       const struct tally_row *row)
{
    const char *who = row->login    ? row->login
                      : row->client ? arena_printf(tally->arena, "(%s)", row->client)
                                    : "(nobody)";
    bool told = row->fact && *row->fact && is_counted(row->rule);
    const char *what = arena_printf(
        tally->arena, "%s.%s%s%s%s", row->rule ? row->rule : "", row->reason ? row->reason : "",
        told ? ": " : "", told ? row->fact : "", row->enforced_now ? " (enforced now)" : "");
    table_text_add(table, bytes_of(who));
    table_text_add(table, bytes_of(what));
    table_text_add_number(table, row->passed);
    add_time(table, row->last);
    table_text_add(table, bytes_of(row->id));
}

bool tally_print_people(const struct tally *tally, size_t most, FILE *out, struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "login (client)", .least = 12},
        {.title = "rule.reason", .least = 10},
        {.title = "messages", .right = true},
        {.title = "last", .spare = 1},
        {.title = "example"},
    };
    size_t shown = 0;
    size_t more = 0;
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    if (!table)
        return error_set(error, "memory is out");
    for (size_t i = 0; i < tally->count; i++) {
        if (!tally_would_refuse(&tally->rows[i]))
            continue;
        if (most && shown == most) {
            more++;
            continue;
        }
        add_person(table, tally, &tally->rows[i]);
        shown++;
    }
    if (arena_failed(tally->arena)) {
        table_text_free(table);
        return error_set(error, "memory is out");
    }
    if (!finish(table, out, error))
        return false;
    if (more)
        fprintf(out, "... and %zu more row%s; --json has all of them\n", more,
                more == 1 ? "" : "s");
    return true;
}

static void write_time(struct json *json, const char *name, int64_t time)
{
    char text[WHEN_SIZE];
    when_utc(time, text);
    json_text(json, name, text);
}

static void write_what(struct json *json, const struct tally_row *row)
{
    json_text(json, "rule", row->rule);
    json_text(json, "policy", row->policy);
    json_text(json, "reason", row->reason);
}

void tally_write_json(const struct tally *tally, struct json *json)
{
    json_open(json, "would_refuse", '[');
    for (size_t from = 0, to; from < tally->count; from = to) {
        to = tally_end_of_reason(tally, from);
        int64_t messages = tally_messages(tally, from, to);
        if (!messages)
            continue;
        json_open(json, NULL, '{');
        write_what(json, &tally->rows[from]);
        json_text(json, "action", action_of(tally, from, to));
        json_int(json, "messages", messages);
        json_int(json, "people", (int64_t)tally_people(tally, from, to));
        json_bool(json, "enforced_now", all_enforced_now(tally, from, to));
        write_time(json, "last", last_of(tally, from, to));
        json_close(json, '}');
    }
    json_close(json, ']');
    json_open(json, "people", '[');
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_row *row = &tally->rows[i];
        if (!tally_would_refuse(row))
            continue;
        json_open(json, NULL, '{');
        json_text(json, "login", row->login);
        json_text(json, "client", row->client);
        write_what(json, row);
        json_text(json, "action", row->action);
        json_int(json, "messages", row->passed);
        json_bool(json, "enforced_now", row->enforced_now);
        write_time(json, "last", row->last);
        json_text(json, "id", row->id);
        json_text(json, "fact", row->fact);
        json_close(json, '}');
    }
    json_close(json, ']');
}
