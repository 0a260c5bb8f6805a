/* A subject's counters as JSON. */
#include <stdio.h>

#include "ctl/limits/shown.h"
#include "ctl/login/state_text.h"
#include "ctl/output.h"
#include "ctl/when.h"

static void write_numbers(struct json *json, const char *name,
                          const int64_t numbers[QUANTITY_COUNT][WINDOW_COUNT])
{
    json_open(json, name, '{');
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        json_open(json, quantity_word((enum quantity)q), '[');
        for (int w = 0; w < WINDOW_COUNT; w++)
            json_int(json, NULL, numbers[q][w]);
        json_close(json, ']');
    }
    json_close(json, '}');
}

static void write_counted(struct json *json, const struct counted_subject *counted)
{
    write_numbers(json, "counted", counted->counted.counts);
    write_numbers(json, "frees", counted->frees);
}

static void write_correspondents(struct json *json, const struct shown *show)
{
    if (show->remembered < 0) {
        json_none(json, "correspondents");
        return;
    }
    json_open(json, "correspondents", '{');
    json_int(json, "remembered", show->remembered);
    json_int(json, "known", show->known);
    json_close(json, '}');
}

static void write_login(struct json *json, const struct shown *show)
{
    const struct habit *habit = &show->look.answer.habit;
    char since[WHEN_SIZE];
    json_open(json, "standing", '{');
    state_text_json(json, &show->look.answer.standing);
    json_close(json, '}');
    json_open(json, "habit", '{');
    when_utc(habit->since * 1000, since);
    json_text(json, "since", habit->since ? since : NULL);
    json_int(json, "messages", habit->messages);
    json_int(json, "networks_hour", habit->networks_hour);
    json_int(json, "networks_day", habit->networks_day);
    json_int(json, "clients", habit->clients);
    json_int(json, "other_client_messages", habit->other_client_messages);
    json_close(json, '}');
    write_correspondents(json, show);
    if (!show->group) {
        json_none(json, "group");
        return;
    }
    json_open(json, "group", '{');
    json_text(json, "name", show->group);
    write_counted(json, shown_counted(show, SUBJECT_GROUP));
    json_close(json, '}');
}

static void write_limit(struct json *json, const struct shown *show, const struct held *limit)
{
    const struct counted_subject *counted = shown_counted(show, limit->subject);
    enum quantity quantity = limit->limit.quantity;
    enum window window = limit->limit.window;
    int64_t count = counted->counted.counts[quantity][window];
    char text[HELD_TEXT_SIZE];
    json_open(json, NULL, '{');
    json_text(json, "limit", held_text(&limit->limit, text));
    json_text(json, "of", limit->contain ? "contain" : subject_word(limit->subject));
    json_text(json, "policy", limit->policy);
    json_text(json, "mode", mode_word(limit->mode));
    json_int(json, "max", limit->limit.max);
    json_text(json, "quantity", quantity_word(quantity));
    json_text(json, "window", window_word(window));
    json_int(json, "counted", count);
    json_int(json, "left", count < limit->limit.max ? limit->limit.max - count : 0);
    json_int(json, "frees", counted->frees[quantity][window]);
    json_close(json, '}');
}

bool shown_json(const struct shown *show, struct error *error)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_text(&json, "kind", subject_word(show->whom.kind));
    json_bytes(&json, "name", show->whom.name);
    json_bool(&json, "found", show->found);
    json_bool(&json, "degraded", show->alone);
    write_counted(&json, shown_counted(show, show->whom.kind));
    if (show->whom.kind == SUBJECT_LOGIN)
        write_login(&json, show);
    json_open(&json, "limits", '[');
    for (size_t i = 0; i < show->limit_count; i++)
        write_limit(&json, show, &show->limits[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    return output_json(&json) || error_set(error, "out of memory");
}
