/* Edits in words. */
#include "ctl/explain/edits.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ctl/explain/value.h"
#include "gate/base64.h"

/* A value that is no text stands in base64: its bytes. To be freed; NULL: it is none. */
static char *decode(struct bytes base64, size_t *ret_len)
{
    char *data = malloc(BASE64_ROOM(base64.len));
    if (data && base64_decode(base64, data, ret_len))
        return data;
    free(data);
    return NULL;
}

/* The field that an edit replaced or deleted: the n-th of its name in the block as it came. */
static const json_t *field_of(const json_t *record, const json_t *edit)
{
    const json_t *header = json_object_get(record, "header");
    int64_t instance = value_number(edit, "instance");
    for (size_t i = 0; i < json_array_size(header); i++) {
        const json_t *field = json_array_get(header, i);
        if (bytes_equal_nocase(value_of(json_array_get(field, 0)), value_text(edit, "name")) &&
            --instance == 0)
            return field;
    }
    return NULL;
}

static void print_before(const json_t *record, const json_t *edit, FILE *out)
{
    const json_t *field = field_of(record, edit);
    struct bytes value = value_of(json_array_get(field, 1));
    struct bytes base64 = value_of(json_array_get(field, 2));
    size_t len = 0;
    char *decoded = base64.len ? decode(base64, &len) : NULL;
    fputs("      before: ", out);
    if (decoded)
        value_print(out, bytes_trim((struct bytes){decoded, len}));
    else if (json_is_string(json_array_get(field, 1)))
        value_print(out, bytes_trim(value));
    else
        fputs("(not in the record; with log.capture = \"headers\" it would be)", out);
    fputc('\n', out);
    free(decoded);
}

static void print_after(const json_t *edit, FILE *out)
{
    struct bytes exact = value_text(edit, "exact");
    size_t len = 0;
    char *decoded = exact.len ? decode(exact, &len) : NULL;
    fputs("      after:  ", out);
    value_print(out, decoded ? (struct bytes){decoded, len} : value_text(edit, "value"));
    fputc('\n', out);
    free(decoded);
}

static void print_edit(const json_t *record, const json_t *edit, FILE *out)
{
    bool added = value_is(edit, "kind", "add"), deleted = value_is(edit, "kind", "delete");
    fputs(added ? "  added " : deleted ? "  taken out " : "  replaced ", out);
    value_print(out, value_text(edit, "name"));
    if (value_number(edit, "instance") > 1)
        fprintf(out, " no. %" PRId64, value_number(edit, "instance"));
    fputs(" (", out);
    value_print(out, value_text(edit, "rule"));
    fputs(")\n", out);
    if (!added)
        print_before(record, edit, out);
    if (!deleted)
        print_after(edit, out);
}

void edits_print(const json_t *record, FILE *out)
{
    const json_t *edits = json_object_get(record, "edits");
    if (!json_array_size(edits))
        return;
    fputs("\nWhat was changed in the header:\n", out);
    for (size_t i = 0; i < json_array_size(edits); i++)
        print_edit(record, json_array_get(edits, i), out);
}
