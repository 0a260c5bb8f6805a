/* The differences as one JSON object. */

#include "ctl/replay/show.h"
#include "ctl/when.h"
#include "gate/json.h"

static void write_time(struct json *json, const char *name, int64_t ms)
{
    char text[WHEN_SIZE];
    when_utc(ms, text);
    json_text(json, name, ms ? text : NULL);
}

static void write_rules(struct json *json, const struct differences *differences)
{
    static const char *const names[] = {"rule", "then", "now"};
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences->rules, &count);
    json_open(json, "rules", '[');
    for (size_t i = 0; i < count; i++) {
        struct bytes rest = rows[i]->name;
        json_open(json, NULL, '{');
        for (size_t part = 0; part < 3; part++) {
            size_t tab = bytes_find(rest, '\t');
            struct bytes text = bytes_slice(rest, 0, tab);
            if (bytes_equal(text, BYTES("-")))
                json_none(json, names[part]);
            else
                json_bytes(json, names[part], text);
            rest = bytes_slice(rest, tab + 1, rest.len);
        }
        json_int(json, "decisions", (int64_t)rows[i]->numbers[DIFFERENCES_DECISIONS]);
        json_int(json, "logins", (int64_t)rows[i]->numbers[DIFFERENCES_LOGINS]);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_logins(struct json *json, const struct differences *differences)
{
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences->logins, &count);
    json_open(json, "logins", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        if (rows[i]->name.len)
            json_bytes(json, "login", rows[i]->name);
        else
            json_none(json, "login");
        for (size_t kind = 0; kind < DIFFERENCE_KINDS; kind++)
            json_int(json, difference_key((enum difference)kind), (int64_t)rows[i]->numbers[kind]);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_samples(struct json *json, const struct differences *differences)
{
    json_open(json, "samples", '[');
    for (size_t kind = 0; kind < DIFFERENCE_KINDS; kind++) {
        const struct difference_sample *samples;
        size_t count = differences_samples(differences, (enum difference)kind, &samples);
        for (size_t i = 0; i < count; i++) {
            json_open(json, NULL, '{');
            json_text(json, "kind", difference_key((enum difference)kind));
            json_text(json, "id", samples[i].id);
            json_text(json, "time", samples[i].time);
            json_text(json, "login", samples[i].login[0] ? samples[i].login : NULL);
            json_text(json, "from", samples[i].from);
            json_text(json, "then", samples[i].then);
            json_text(json, "now", samples[i].now);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}

static void write_carried(struct json *json, const struct differences *differences)
{
    json_open(json, "not_judged_again", '{');
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!differences->carried[i])
            continue;
        json_open(json, rules[i]->name, '{');
        json_int(json, "as_then", (int64_t)(differences->carried[i] - differences->unknown[i]));
        json_int(json, "not_at_all", (int64_t)differences->unknown[i]);
        json_close(json, '}');
    }
    json_close(json, '}');
}

bool show_replay_json(const struct show_replay *show, FILE *out, struct error *error)
{
    const struct differences *differences = show->differences;
    uint64_t differing = 0;
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_text(&json, "candidate", show->config);
    json_text(&json, "config", show->hash);
    write_time(&json, "since", show->since);
    write_time(&json, "until", show->until);
    write_time(&json, "first", differences->first);
    write_time(&json, "last", differences->last);
    json_int(&json, "decisions", (int64_t)differences->judged);
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        differing += differences->kinds[i];
    json_int(&json, "same", (int64_t)(differences->judged - differing - differences->faults));
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        json_int(&json, difference_key((enum difference)i), (int64_t)differences->kinds[i]);
    json_int(&json, "faults", (int64_t)differences->faults);
    json_int(&json, "older", (int64_t)differences->older);
    json_int(&json, "other_keys", (int64_t)differences->other_keys);
    json_int(&json, "unreadable", (int64_t)differences->unreadable);
    write_rules(&json, differences);
    write_logins(&json, differences);
    write_samples(&json, differences);
    write_carried(&json, differences);
    json_close(&json, '}');
    bool good = !json.failed || error_set(error, "out of memory");
    if (good)
        fprintf(out, "%s\n", json.data);
    json_done(&json);
    return good;
}
