/* The header block as it will leave, from the block as it came and the edits. */
#include "policy/edit.h"

#include "policy/instances.h"

bool unsigned_field_named(const struct unsigned_field *list, struct bytes name)
{
    for (; list; list = list->next)
        if (bytes_equal_nocase(list->name, name))
            return true;
    return false;
}

bool edit_apply(struct arena *arena, const uint8_t secret[16], const struct facts_header *header,
                const struct edit *edits, struct facts_header *ret_header)
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

    size_t count = 0;
    for (size_t i = 0; i < header->count; i++)
        if (!deleted[i])
            fields[count++] = fields[i];
    for (const struct edit *edit = edits; edit; edit = edit->next)
        if (edit->kind == EDIT_ADD)
            fields[count++] = (struct field){.name = edit->name, .value = edit->value};
    if (!instances_number(arena, secret, fields, count))
        return false;

    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += fields[i].name.len + fields[i].value.len;
    *ret_header = (struct facts_header){fields, count, header->dropped, size, header->too_large};
    return true;
}
