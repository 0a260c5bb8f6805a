/* Filling in verdicts and the edits that they ask for. */
#include "policy/verdict.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_pass(struct verdict *verdict, const char *reason)
{
    verdict->outcome = OUTCOME_PASS;
    verdict->reason = reason;
}

__attribute__((format(printf, 2, 0))) static const char *
format_sentence(struct arena *arena, const char *format, va_list args)
{
    char text[700];
    vsnprintf(text, sizeof text, format, args);
    return arena_text(arena, bytes_of(text));
}

void verdict_violation(struct verdict *verdict, struct arena *arena, const char *reason, int code,
                       const char *enhanced, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    verdict->sentence = format_sentence(arena, format, args);
    va_end(args);
    verdict->outcome = OUTCOME_VIOLATION;
    verdict->reason = reason;
    verdict->code = code;
    verdict->enhanced = enhanced;
}

void verdict_unavailable(struct verdict *verdict, struct arena *arena, const char *reason,
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    verdict->sentence = format_sentence(arena, format, args);
    va_end(args);
    verdict->outcome = OUTCOME_UNAVAILABLE;
    verdict->reason = reason;
    verdict->code = 451;
    verdict->enhanced = "4.3.0";
}

static bool append_edit(struct verdict *verdict, struct arena *arena, struct edit edit)
{
    struct edit *copy = arena_alloc(arena, sizeof *copy);
    if (!copy)
        return false;
    *copy = edit;
    if (verdict->last_edit)
        verdict->last_edit->next = copy;
    else
        verdict->edits = copy;
    verdict->last_edit = copy;
    return true;
}

bool verdict_add_field(struct verdict *verdict, struct arena *arena, struct bytes name,
                       struct bytes value)
{
    return append_edit(verdict, arena,
                       (struct edit){.kind = EDIT_ADD, .name = name, .value = value});
}

bool verdict_replace_field(struct verdict *verdict, struct arena *arena, const struct facts *facts,
                           size_t field, struct bytes value)
{
    return append_edit(verdict, arena,
                       (struct edit){.kind = EDIT_REPLACE,
                                     .field = field,
                                     .name = facts->header.fields[field].name,
                                     .value = value});
}

bool verdict_delete_field(struct verdict *verdict, struct arena *arena, const struct facts *facts,
                          size_t field)
{
    return append_edit(verdict, arena,
                       (struct edit){.kind = EDIT_DELETE,
                                     .field = field,
                                     .name = facts->header.fields[field].name});
}

bool verdict_leave_unsigned(struct verdict *verdict, struct arena *arena, struct bytes name)
{
    struct unsigned_field **end = &verdict->unsigned_fields;
    if (unsigned_field_named(*end, name))
        return true;
    while (*end)
        end = &(*end)->next;
    *end = arena_alloc(arena, sizeof **end);
    if (*end)
        (*end)->name = name;
    return *end != NULL;
}
