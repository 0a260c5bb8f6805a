/* A summary as JSON. */
#include <stdlib.h>

#include "ctl/report/report.h"
#include "ctl/when.h"
#include "gate/json.h"

static void put_time(struct json *json, const char *name, int64_t at)
{
    char text[WHEN_SIZE];
    if (at)
        when_utc(at, text);
    json_text(json, name, at ? text : NULL);
}

static void put_text(struct json *json, const char *name, const char *text)
{
    if (text)
        json_whole(json, name, bytes_of(text));
    else
        json_none(json, name);
}

static void put_counts(struct json *json, const int64_t *counts)
{
    for (size_t i = 0; i < SUMMARY_OUTCOMES; i++)
        json_int(json, summary_outcome_word((enum summary_outcome)i), counts[i]);
}

static void put_buckets(struct json *json, const struct summary *summary)
{
    json_int(json, "bucket_seconds", summary->bucket_ms / 1000);
    json_open(json, "buckets", '[');
    for (size_t i = 0; i < summary->bucket_count; i++) {
        json_open(json, NULL, '{');
        put_time(json, "begin", summary->buckets[i].begin);
        put_counts(json, summary->buckets[i].counts);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_reasons(struct json *json, const char *name, const struct summary_reason *rows,
                        size_t count)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        put_text(json, "rule", rows[i].rule);
        put_text(json, "reason", rows[i].reason);
        json_text(json, "outcome", rows[i].word);
        json_int(json, "count", rows[i].count);
        json_int(json, "logins", rows[i].logins);
        put_text(json, "example", rows[i].example);
        put_time(json, "last", rows[i].last);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_people(struct json *json, const struct summary *summary)
{
    json_open(json, "people", '[');
    for (size_t i = 0; i < summary->people.count; i++) {
        const struct summary_person *person = &summary->people.rows[i];
        json_open(json, NULL, '{');
        put_text(json, "login", person->login);
        json_int(json, "refused", person->refused);
        json_int(json, "deferred", person->deferred);
        json_int(json, "decisions", person->all);
        put_text(json, "rule", person->rule);
        put_text(json, "reason", person->reason);
        json_int(json, "count", person->count);
        put_text(json, "example", person->example);
        put_time(json, "last", person->last);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_uses(struct json *json, const char *name, const struct summary_use *rows,
                     size_t count)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        put_text(json, "name", rows[i].name);
        json_int(json, "count", rows[i].count);
        json_int(json, "logins", rows[i].logins);
        put_time(json, "last", rows[i].last);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_networks(struct json *json, const struct summary *summary)
{
    json_open(json, "new_networks", '[');
    for (size_t i = 0; i < summary->networks.count; i++) {
        const struct summary_network *network = &summary->networks.rows[i];
        json_open(json, NULL, '{');
        put_text(json, "login", network->login);
        put_text(json, "network", network->network);
        put_text(json, "client", network->client);
        put_time(json, "first", network->first);
        json_int(json, "let_go", network->let_go);
        json_int(json, "stopped", network->stopped);
        json_int(json, "known_networks", network->known);
        put_text(json, "usual_network", network->usual);
        put_text(json, "example", network->example);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_contained(struct json *json, const struct summary *summary)
{
    json_open(json, "contained", '[');
    for (size_t i = 0; i < summary->contained.count; i++) {
        const struct summary_contained *row = &summary->contained.rows[i];
        json_open(json, NULL, '{');
        put_text(json, "login", row->login);
        json_text(json, "state", row->state);
        put_text(json, "cause", row->cause);
        put_time(json, "first", row->first);
        put_time(json, "last", row->last);
        json_int(json, "messages", row->messages);
        json_int(json, "recipients", row->rcpts);
        put_text(json, "example", row->example);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_friction(struct json *json, const struct summary *summary)
{
    json_open(json, "friction", '[');
    for (size_t i = 0; i < summary->friction.count; i++) {
        const struct summary_friction *row = &summary->friction.rows[i];
        json_open(json, NULL, '{');
        put_text(json, "login", row->login);
        put_text(json, "rule", row->rule);
        put_text(json, "reason", row->reason);
        json_int(json, "tries", row->tries);
        json_bool(json, "from_changed", row->changed);
        put_text(json, "refused_from", row->refused_from);
        put_text(json, "passed_from", row->passed_from);
        put_time(json, "refused", row->refused);
        put_time(json, "passed", row->passed);
        put_text(json, "refused_id", row->refused_id);
        put_text(json, "passed_id", row->passed_id);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_signing(struct json *json, const struct summary *summary)
{
    json_open(json, "signing", '[');
    for (size_t i = 0; i < summary->signing.count; i++) {
        const struct summary_signing *domain = &summary->signing.rows[i];
        json_open(json, NULL, '{');
        put_text(json, "domain", domain->domain);
        json_int(json, "signed", domain->signed_mail);
        json_int(json, "unsigned", domain->unsigned_mail);
        put_text(json, "unsigned_example", domain->example);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* How many rows there were where a list is only their top. */
static void put_totals(struct json *json, const struct summary *summary)
{
    json_open(json, "rows", '{');
    json_int(json, "reasons", summary->reasons.all);
    json_int(json, "people", summary->people.all);
    json_int(json, "would", summary->would.all);
    json_int(json, "contained", summary->contained.all);
    json_int(json, "friction", summary->friction.all);
    json_int(json, "new_networks", summary->networks.all);
    json_int(json, "tls", summary->tls.all);
    json_int(json, "mechanisms", summary->mechanisms.all);
    json_int(json, "signing", summary->signing.all);
    json_close(json, '}');
}

static void put_latency(struct json *json, const struct summary_latency *latency)
{
    json_open(json, "usec", '{');
    json_int(json, "messages", latency->count);
    json_int(json, "median", latency->median);
    json_int(json, "p95", latency->p95);
    json_int(json, "p99", latency->p99);
    json_int(json, "max", latency->max);
    json_close(json, '}');
}

void report_json(const struct summary *summary, FILE *out)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    put_time(&json, "since", summary->since);
    put_time(&json, "until", summary->until);
    put_time(&json, "first", summary->first);
    put_time(&json, "last", summary->last);
    json_int(&json, "decisions", summary->decisions);
    json_int(&json, "messages", summary->messages);
    json_int(&json, "logins", summary->logins);
    json_open(&json, "outcomes", '{');
    put_counts(&json, summary->counts);
    json_close(&json, '}');
    put_buckets(&json, summary);
    put_reasons(&json, "reasons", summary->reasons.rows, summary->reasons.count);
    put_people(&json, summary);
    put_reasons(&json, "would", summary->would.rows, summary->would.count);
    put_contained(&json, summary);
    put_friction(&json, summary);
    put_networks(&json, summary);
    put_uses(&json, "tls", summary->tls.rows, summary->tls.count);
    put_uses(&json, "mechanisms", summary->mechanisms.rows, summary->mechanisms.count);
    put_signing(&json, summary);
    put_latency(&json, &summary->latency);
    put_totals(&json, summary);
    json_close(&json, '}');
    json_raw(&json, BYTES("\n"));
    if (json.failed)
        fputs("{\"error\":\"out of memory\"}\n", out);
    else
        fwrite(json.data, 1, json.len, out);
    json_done(&json);
}
