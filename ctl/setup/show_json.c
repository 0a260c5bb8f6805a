/* A plan as one JSON object, for automation. */
#include <stdio.h>

#include "ctl/setup/diff.h"
#include "ctl/setup/show.h"
#include "gate/json.h"

static const char *const kinds[] = {
    [PLAN_FOLDER] = "make-folder", [PLAN_FILE] = "write-file",
    [PLAN_REMOVE] = "remove-file", [PLAN_REMOVE_FOLDER] = "remove-folder",
    [PLAN_ACTION] = "do",          [PLAN_COMMAND] = "run",
};

static void write_access(struct json *json, const struct plan_row *row)
{
    char mode[8];
    snprintf(mode, sizeof mode, "%04o",
             (unsigned)(row->kind == PLAN_FOLDER || (!row->exact && !row->from.exists)
                            ? row->access.mode
                            : row->to.mode));
    json_text(json, "mode", mode);
}

static void write_words(struct json *json, const char *name, const char *const *words)
{
    if (!words)
        return;
    json_open(json, name, '[');
    for (size_t i = 0; words[i]; i++)
        json_text(json, NULL, words[i]);
    json_close(json, ']');
}

static void write_row(struct json *json, const struct plan *plan, const struct plan_row *row)
{
    struct bytes diff;
    struct error error;
    json_open(json, NULL, '{');
    json_text(json, "kind", kinds[row->kind]);
    json_text(json, "what", row->what);
    json_text(json, "path", row->path);
    if (row->kind == PLAN_FOLDER || row->kind == PLAN_FILE)
        write_access(json, row);
    if (row->kind == PLAN_FILE || row->kind == PLAN_REMOVE) {
        bool shown = !row->secret && diff_of_row(plan->arena, row, &diff, &error);
        json_whole(json, "diff", shown ? diff : BYTES(""));
    }
    write_words(json, "command", row->argv);
    write_words(json, "only_if", row->only_if);
    json_bool(json, "done", row->done);
    json_close(json, '}');
}

static void write_lines(struct json *json, const struct plan *plan, const char *name,
                        enum plan_say kind)
{
    json_open(json, name, '[');
    for (const struct plan_line *line = plan->lines; line; line = line->next)
        if (line->kind == kind)
            json_whole(json, NULL, bytes_of(line->text));
    json_close(json, ']');
}

static void write_records(struct json *json, const struct plan *plan)
{
    json_open(json, "dns", '[');
    for (const struct plan_record *record = plan->records; record; record = record->next) {
        json_open(json, NULL, '{');
        json_text(json, "name", record->name);
        json_text(json, "type", "TXT");
        json_whole(json, "value", bytes_of(record->value));
        json_close(json, '}');
    }
    json_close(json, ']');
}

void show_json(const struct plan *plan, const struct show_outcome *outcome)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_text(&json, "mta", plan->mta);
    json_text(&json, "action", outcome->undoing ? "undo" : "setup");
    json_bool(&json, "pending", plan_pending(plan) && !outcome->applied);
    json_bool(&json, "applied", outcome->applied);
    json_open(&json, "changes", '[');
    for (const struct plan_row *row = plan->rows; row; row = row->next)
        write_row(&json, plan, row);
    json_close(&json, ']');
    write_records(&json, plan);
    write_lines(&json, plan, "warnings", PLAN_WARNING);
    write_lines(&json, plan, "notes", PLAN_NOTE);
    write_lines(&json, plan, "next", PLAN_NEXT);
    if (outcome->error)
        json_whole(&json, "error", bytes_of(outcome->error));
    else
        json_none(&json, "error");
    json_int(&json, "exit", outcome->status);
    json_close(&json, '}');
    json_raw(&json, BYTES("\n"));
    if (!json.failed)
        fwrite(json.data, 1, json.len, stdout);
    json_done(&json);
}
