/* The same as one JSON object. */
#include <stdio.h>

#include "ctl/enforce/enforce.h"
#include "ctl/output.h"
#include "ctl/setup/diff.h"
#include "ctl/when.h"

static void write_changes(struct json *json, const char *name, const struct change_row *changes,
                          size_t count)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        const struct mode_row *before = &changes[i].before;
        const struct mode_row *after = &changes[i].after;
        json_open(json, NULL, '{');
        json_text(json, "rule", rules[changes[i].rule]->name);
        json_text(json, "policy", after->policy);
        json_text(json, "group", after->group);
        json_text(json, "before", mode_word(before->mode));
        json_text(json, "after", mode_word(after->mode));
        json_text(json, "action_before", action_word(before->action));
        json_text(json, "action_after", action_word(after->action));
        json_text(json, "said_in", before->file);
        if (before->file)
            json_int(json, "line", before->line);
        else
            json_none(json, "line");
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_measure(struct json *json, const struct enforce *enforce)
{
    const struct measure *measure = &enforce->measure;
    char since[WHEN_SIZE];
    if (!enforce->measured) {
        json_none(json, "measured");
        return;
    }
    when_utc(measure->since, since);
    json_open(json, "measured", '{');
    json_text(json, "since", since);
    json_bool(json, "known", measure->known);
    json_text(json, "why_not", measure->known ? NULL : measure->why.text);
    json_int(json, "judged", measure->judged);
    json_int(json, "messages", measure_messages(measure));
    json_int(json, "people_count", (int64_t)tally_people(&measure->tally, 0, measure->tally.count));
    tally_write_json(&measure->tally, json);
    json_close(json, '}');
}

static void write_files(struct json *json, const struct plan *plan)
{
    json_open(json, "files", '[');
    for (const struct plan_row *row = plan->rows; row; row = row->next) {
        struct bytes text;
        struct error error;
        if (row->kind != PLAN_FILE)
            continue;
        json_open(json, NULL, '{');
        json_text(json, "path", row->path);
        json_whole(json, "diff", diff_of_row(plan->arena, row, &text, &error) ? text : BYTES(""));
        json_close(json, '}');
    }
    json_close(json, ']');
}

bool enforce_print_json(const struct enforce *enforce)
{
    static const char *const outcomes[] = {[ENFORCE_AS_IT_WAS] = "nothing",
                                           [ENFORCE_SHOWN] = "dry-run",
                                           [ENFORCE_ASKS] = "asks",
                                           [ENFORCE_DONE] = "done",
                                           [ENFORCE_FAILED] = "failed"};
    static const char *const reloads[] = {[RELOAD_NOT_TRIED] = NULL,
                                          [RELOAD_NO_DAEMON] = "no-daemon",
                                          [RELOAD_UNSEEN] = "unseen",
                                          [RELOAD_TAKEN] = "taken"};
    bool done = enforce->outcome == ENFORCE_DONE;
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_text(&json, "mode", mode_word(enforce->wanted.mode));
    json_text(&json, "outcome", outcomes[enforce->outcome]);
    json_text(&json, "config", enforce->change.after ? enforce->change.after->hash : NULL);
    write_changes(&json, "changes", enforce->change.rows, enforce->change.row_count);
    write_changes(&json, "stays", enforce->change.stays, enforce->change.stay_count);
    write_measure(&json, enforce);
    write_files(&json, enforce->plan);
    json_text(&json, "reload", done ? reloads[enforce->reload.result] : NULL);
    json_open(&json, "warnings", '[');
    for (const struct plan_line *line = enforce->plan->lines; line; line = line->next)
        json_whole(&json, NULL, bytes_of(line->text));
    json_close(&json, ']');
    if (enforce->outcome == ENFORCE_FAILED)
        json_whole(&json, "error", bytes_of(enforce->error.text));
    else
        json_none(&json, "error");
    json_int(&json, "exit", enforce->status);
    json_close(&json, '}');
    return output_json(&json);
}
