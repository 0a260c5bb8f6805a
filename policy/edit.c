/* The header block as it will leave, from the block as it came and the edits. */
#include "policy/edit.h"

static unsigned instance_among(const struct field *fields, size_t count, struct bytes name)
{
    unsigned instance = 1;
    for (size_t i = 0; i < count; i++)
        instance += bytes_equal_nocase(fields[i].name, name);
    return instance;
}

/* Whether any edit changes what a field's successors are counted by. */
static bool deletes_any(const struct edit *edits)
{
    for (; edits; edits = edits->next)
        if (edits->kind == EDIT_DELETE)
            return true;
    return false;
}

bool edit_apply(struct arena *arena, const struct facts_header *header, const struct edit *edits,
                struct facts_header *ret_header)
{
    size_t added = 0;
    for (const struct edit *edit = edits; edit; edit = edit->next)
        added += edit->kind == EDIT_ADD;

    struct field *fields = arena_alloc(arena, (header->count + added) * sizeof *fields);
    bool *deleted = arena_alloc(arena, header->count);
    if (!fields || !deleted)
        return false;

    for (size_t i = 0; i < header->count; i++)
        fields[i] = header->fields[i];
    for (const struct edit *edit = edits; edit; edit = edit->next) {
        if (edit->kind == EDIT_DELETE)
            deleted[edit->field] = true;
        else if (edit->kind == EDIT_REPLACE)
            fields[edit->field].value = edit->value;
    }

    bool renumber = deletes_any(edits);
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++) {
        if (deleted[i])
            continue;
        fields[count] = fields[i];
        if (renumber)
            fields[count].instance = instance_among(fields, count, fields[count].name);
        count++;
    }
    for (const struct edit *edit = edits; edit; edit = edit->next) {
        if (edit->kind != EDIT_ADD)
            continue;
        fields[count] =
            (struct field){edit->name, edit->value, instance_among(fields, count, edit->name)};
        count++;
    }

    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += fields[i].name.len + fields[i].value.len;
    *ret_header = (struct facts_header){fields, count, size, header->too_large};
    return true;
}
