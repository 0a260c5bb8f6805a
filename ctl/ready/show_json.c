/* For programs: one object. */
#include <stdio.h>

#include "ctl/output.h"
#include "ctl/ready/show.h"
#include "ctl/when.h"
#include "gate/json.h"

static void write_time(struct json *json, const char *name, int64_t time)
{
    char text[WHEN_SIZE];
    when_utc(time, text);
    json_text(json, name, time ? text : NULL);
}

static void write_some(struct json *json, const char *name, const struct affected *affected,
                       const struct affected_some *some)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < some->count; i++)
        json_bytes(json, NULL, names_text(affected->texts, some->items[i]));
    json_close(json, ']');
}

static void write_user(struct json *json, const struct affected *affected,
                       const struct affected_user *user)
{
    struct bytes name = names_text(affected->texts, user->name);
    bool more = user->networks.more || user->helos.more || user->mechanisms.more ||
                user->versions.more || user->ciphers.more;
    json_open(json, NULL, '{');
    if (user->login)
        json_bytes(json, "login", name);
    else
        json_none(json, "login");
    json_int(json, "messages", user->messages);
    json_int(json, "refused", user->refused);
    write_time(json, "first", user->first);
    write_time(json, "last", user->last);
    write_some(json, "tls_versions", affected, &user->versions);
    write_some(json, "ciphers", affected, &user->ciphers);
    write_some(json, "auth_mechs", affected, &user->mechanisms);
    write_some(json, "networks", affected, &user->networks);
    write_some(json, "helos", affected, &user->helos);
    json_bool(json, "more", more);
    json_close(json, '}');
}

static void write_change(struct json *json, const struct show_ready *show)
{
    const struct ready_word *word = show->impact->change->word;
    json_open(json, "change", '{');
    json_text(json, "word", word->name);
    json_text(json, "refuses", word->says);
    json_text(json, "policy", show->policy);
    json_text(json, "rule", rules[word->rule]->name);
    json_text(json, "setting", show->setting);
    json_text(json, "mode_today", show->mode ? show->mode : "enforce");
    json_close(json, '}');
}

static void write_counts(struct json *json, const struct show_ready *show)
{
    const struct affected *affected = show->affected;
    write_time(json, "since", show->source->since);
    write_time(json, "until", show->source->until);
    write_time(json, "first", show->extent->first);
    write_time(json, "last", show->extent->last);
    json_int(json, "messages", show->extent->messages);
    json_int(json, "logins", show->extent->logins);
    json_int(json, "asked", affected->asked);
    json_int(json, "would_refuse", affected->breaks);
    json_int(json, "would_refuse_as_set", affected->as_set);
    json_int(json, "refused_already", affected->already);
    json_int(json, "unknown", affected->unknown);
    json_int(json, "other_policies", affected->elsewhere);
}

static void write_unused(struct json *json, const struct show_ready *show)
{
    json_open(json, "unused", '[');
    for (size_t i = 0; i < show->unused.count; i++) {
        json_open(json, NULL, '{');
        json_text(json, "name", show->unused.items[i].name);
        json_text(json, "nearest", show->unused.items[i].nearest);
        json_close(json, '}');
    }
    json_close(json, ']');
}

bool show_ready_json(const struct show_ready *show, struct error *error)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    write_change(&json, show);
    write_counts(&json, show);
    write_unused(&json, show);
    json_open(&json, "who", '[');
    for (size_t i = 0; i < show->affected->count; i++)
        write_user(&json, show->affected, &show->affected->items[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    return output_json(&json) || error_set(error, "out of memory");
}
