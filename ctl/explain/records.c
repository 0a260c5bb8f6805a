/* Finding records in the history and in files. */
#include "ctl/explain/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/explain/encoded_text.h"
#include "ctl/pages.h"
#include "policy/shell.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)

struct collecting {
    json_t *records;
    struct error *error;
    bool failed;
};

static bool collect(const struct history_row *row, void *context)
{
    struct collecting *collecting = context;
    json_error_t wrong;
    json_t *record = json_loadb(row->record.data, row->record.len, JSON_ALLOW_NUL, &wrong);
    if (!record)
        collecting->failed =
            !error_set(collecting->error, "the history: a record is damaged: %s", wrong.text);
    else
        json_array_append_new(collecting->records, record);
    return record;
}

bool records_find(struct history *history, const struct asked *asked, int64_t since, int64_t until,
                  json_t *records, struct error *error)
{
    struct collecting collecting = {records, error, false};
    struct history_filter filter = {.since = since, .until = until, .limit = RECORDS_MAX};
    if (asked->kind == ASKED_ID)
        filter.id = asked->id;
    else
        filter.queue_id = asked->text;
    return pages_each(history, &filter, collect, &collecting, error) && !collecting.failed;
}

static bool read_whole(const char *path, char **ret_text, size_t *ret_len, struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *in = standard ? stdin : fopen(path, "re");
    char *text = malloc(FILE_MAX + 1);
    if (!in || !text) {
        error_set(error, "%s: %s", name, strerror(errno));
        if (in && !standard)
            fclose(in);
        free(text);
        return false;
    }
    size_t len = fread(text, 1, FILE_MAX + 1, in);
    bool read = !ferror(in) || error_set(error, "%s: %s", name, strerror(errno));
    if (!standard)
        fclose(in);
    if (read && len <= FILE_MAX) {
        *ret_text = text;
        *ret_len = len;
        return true;
    }
    free(text);
    return !read ? false
                 : error_set(error,
                             "%s: it is larger than one mail's records; search it by an id with "
                             "--file %s",
                             name, shell_word(path).text);
}

static bool is_record(const json_t *value)
{
    return json_is_string(json_object_get(value, "id")) &&
           json_is_string(json_object_get(value, "action"));
}

/* One JSON value after another. False: it is no JSON, or no record. */
static bool read_json(struct bytes text, json_t *records)
{
    for (text = bytes_trim(text); text.len; text = bytes_trim(text)) {
        json_error_t wrong;
        json_t *value =
            json_loadb(text.data, text.len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &wrong);
        bool good = is_record(value) && json_array_size(records) < RECORDS_MAX;
        json_array_append_new(records, value);
        if (!good)
            return false;
        text = bytes_slice(text, (size_t)wrong.position, text.len);
    }
    return json_array_size(records) > 0;
}

static void read_ids(struct bytes text,
                     bool (*find)(struct bytes text, char *ret_id, size_t *ret_end), json_t *ids)
{
    char id[DECISION_ID_LEN + 1];
    size_t end;
    while (text.len && find(text, id, &end)) {
        bool known = false;
        for (size_t i = 0; i < json_array_size(ids); i++)
            known = known || strcmp(json_string_value(json_array_get(ids, i)), id) == 0;
        if (!known && json_array_size(ids) < RECORDS_MAX)
            json_array_append_new(ids, json_string(id));
        text = bytes_slice(text, end, text.len);
    }
}

/* As it stands, and as mail encodes it. */
static bool read_all_ids(struct bytes text,
                         bool (*find)(struct bytes text, char *ret_id, size_t *ret_end),
                         json_t *ids, struct error *error)
{
    size_t quoted_len, base64_len;
    char *quoted = encoded_text_quoted(text, &quoted_len);
    char *base64 = encoded_text_base64(text, &base64_len);
    bool decoded = quoted && base64;
    read_ids(text, find, ids);
    if (decoded) {
        read_ids((struct bytes){quoted, quoted_len}, find, ids);
        read_ids((struct bytes){base64, base64_len}, find, ids);
    }
    free(quoted);
    free(base64);
    return decoded || error_set(error, "out of memory");
}

bool records_read(const char *path, json_t *records, json_t *ids, struct error *error)
{
    char *text = NULL;
    size_t len = 0;
    bool read = true;
    if (!read_whole(path, &text, &len, error))
        return false;
    if (!read_json((struct bytes){text, len}, records)) {
        json_array_clear(records);
        read = read_all_ids((struct bytes){text, len}, asked_find_id, ids, error);
        if (read && !json_array_size(ids))
            read = read_all_ids((struct bytes){text, len}, asked_find_broken_id, ids, error);
    }
    free(text);
    if (!read)
        return false;
    return json_array_size(records) || json_array_size(ids) ||
           error_set(error, "%s: it holds no record and no decision's id", path);
}
