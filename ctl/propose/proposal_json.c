/* The proposal as JSON. */
#include "ctl/propose/proposal.h"
#include "ctl/when.h"
#include "gate/json.h"
#include "tables/logins.h"

static void write_time(struct json *json, const char *name, int64_t time)
{
    char text[WHEN_SIZE];
    when_utc(time, text);
    json_text(json, name, time ? text : NULL);
}

static void write_evidence(struct json *json, const struct evidence *evidence)
{
    json_int(json, "messages", evidence->messages);
    json_int(json, "recipients", evidence->recipients);
    json_int(json, "days", evidence->days);
    write_time(json, "first", evidence->first);
    write_time(json, "last", evidence->last);
    json_int(json, "networks", evidence->networks);
    json_int(json, "strange_networks", evidence->strange_networks);
    json_int(json, "other_messages", evidence->other_messages);
}

static void write_pair(struct json *json, const struct proposal *proposal, const struct pair *pair,
                       bool whole)
{
    const struct gathered *gathered = &proposal->gathered;
    json_open(json, NULL, '{');
    json_bytes(json, "login", names_text(gathered->logins, pair->evidence.login));
    if (whole)
        json_bytes(json, "address", names_text(gathered->addresses, pair->evidence.address));
    if (whole)
        json_text(json, "unwritable", pair->unwritable);
    json_text(json, "verdict", judgement_verdict_word(pair->judgement.verdict));
    json_int(json, "points", pair->judgement.points);
    json_open(json, "reasons", '[');
    for (int i = 0; i < JUDGEMENT_REASONS; i++)
        if (judgement_has(&pair->judgement, i))
            json_text(json, NULL, judgement_reason_word(i));
    json_close(json, ']');
    if (pair->owner == NAMES_NONE)
        json_none(json, "owner");
    else
        json_bytes(json, "owner", names_text(gathered->logins, pair->owner));
    write_evidence(json, &pair->evidence);
    json_int(json, "extensions", (int64_t)pair->extensions);
    json_open(json, "rules", '[');
    for (size_t i = 0; i < pair->rule_count; i++) {
        json_open(json, NULL, '{');
        json_bytes(json, "rule", names_text(gathered->rules, pair->rules[i].rule));
        json_int(json, "refused", pair->rules[i].refused);
        json_int(json, "would", pair->rules[i].would);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static bool write_row(struct json *json, const struct proposal *proposal,
                      const struct proposed_row *row, struct arena *arena)
{
    const struct gathered *gathered = &proposal->gathered;
    const char *value = proposed_value(gathered, row, row->granted, arena);
    struct bytes today = row->today;
    json_open(json, NULL, '{');
    json_bytes(json, "address", names_text(gathered->addresses, row->address));
    json_open(json, "today", '[');
    for (struct bytes login; (login = logins_next(&today)).len;)
        json_bytes(json, NULL, login);
    json_close(json, ']');
    json_bytes(json, "source", row->source);
    if (row->granted && !row->unusable && value)
        json_whole(json, "value", bytes_of(value));
    else
        json_none(json, "value");
    json_text(json, "unusable", row->unusable);
    json_open(json, "pairs", '[');
    for (size_t i = 0; i < row->pair_count; i++)
        write_pair(json, proposal, row->pairs[i], false);
    json_close(json, ']');
    json_close(json, '}');
    return value != NULL;
}

static void write_counts(struct json *json, const struct proposal *proposal)
{
    const struct readiness_extent *extent = &proposal->gathered.extent;
    write_time(json, "since", proposal->since);
    write_time(json, "until", proposal->until);
    write_time(json, "first", extent->first);
    write_time(json, "last", extent->last);
    json_int(json, "messages", extent->messages);
    json_int(json, "logins", extent->logins);
    json_int(json, "in_force", (int64_t)proposal->pairs.in_force);
    json_int(json, "rare", (int64_t)proposal->pairs.rare);
}

static bool write_lists(struct json *json, const struct proposal *proposal, struct arena *arena)
{
    const struct proposed_rows *rows = &proposal->rows;
    bool written = true;
    json_open(json, "rows", '[');
    for (size_t i = 0; written && i < rows->count; i++) {
        arena_clear(arena);
        written = write_row(json, proposal, &rows->rows[i], arena);
    }
    json_close(json, ']');
    json_open(json, "unwritable", '[');
    for (size_t i = 0; i < rows->unwritable_count; i++)
        write_pair(json, proposal, rows->unwritable[i], true);
    json_close(json, ']');
    json_open(json, "whole_domains", '[');
    for (size_t i = 0; i < rows->domain_count; i++) {
        json_open(json, NULL, '{');
        json_bytes(json, "login", names_text(proposal->gathered.logins, rows->domains[i].login));
        json_bytes(json, "domain", rows->domains[i].domain);
        json_int(json, "addresses", (int64_t)rows->domains[i].addresses);
        json_close(json, '}');
    }
    json_close(json, ']');
    return written;
}

bool proposal_write_json(const struct proposal *proposal, FILE *out, struct error *error)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    write_counts(&json, proposal);
    bool written = arena && write_lists(&json, proposal, arena);
    json_close(&json, '}');
    json_raw(&json, BYTES("\n"));
    written = written && !json.failed;
    if (written)
        fwrite(json.data, 1, json.len, out);
    json_done(&json);
    arena_free(arena);
    return written || error_set(error, "out of memory");
}
