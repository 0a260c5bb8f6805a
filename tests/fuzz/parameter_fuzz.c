/* Parameters of MIME fields: what is read is UTF-8, what could mislead is said, and the rule that
 * refuses it sees all of it. */
#include "policy/parameter.h"

#include <stdlib.h>
#include <unistr.h>

#include "policy/invisible.h"
#include "policy/rule.h"
#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)8 << 20)

static void check_parameter(const struct parameter_list *list, size_t index, struct bytes value)
{
    const struct parameter *parameter = &list->parameters[index];
    struct invisible found;
    for (size_t i = 0; i < parameter->name.len; i++)
        if (parameter->name.data[i] != bytes_lower(parameter->name.data[i]))
            fuzz_fail("a name with capital letters: %s", fuzz_show(parameter->name));
    for (size_t i = 0; i < index; i++)
        if (bytes_equal(list->parameters[i].name, parameter->name))
            fuzz_fail("twice the same name: %s", fuzz_show(parameter->name));
    if (u8_check((const uint8_t *)parameter->text.data, parameter->text.len))
        fuzz_fail("not UTF-8: %s", fuzz_show(parameter->text));
    if (bytes_find(parameter->text, '\0') < parameter->text.len && !parameter->has_nul)
        fuzz_fail("a NUL that is not said: %s", fuzz_show(value));
    if (invisible_find(parameter->text, INVISIBLE_LINE_BREAK, &found) && !parameter->has_line_break)
        fuzz_fail("a line break that is not said: %s", fuzz_show(value));
    if (parameter_find(list, parameter->name) != parameter)
        fuzz_fail("not found by its name: %s", fuzz_show(parameter->name));
}

/* What header_injection says of a Content-Type with that value. */
static enum outcome judged(struct arena *arena, struct bytes value)
{
    static void *settings;
    const struct rule *rule = &rule_header_injection;
    if (!settings)
        settings = calloc(1, rule->settings_size);
    struct field field = {.name = BYTES("Content-Type"), .value = value, .instance = 1};
    struct facts facts = {.header = {.fields = &field, .count = 1, .size = value.len}};
    struct verdict verdict = {0};
    rule->judge(&facts, settings, arena, &verdict);
    return verdict.outcome;
}

/* Without a raw break: those are header_syntax's. */
static bool hides_nothing_raw(struct bytes value)
{
    struct invisible found;
    return bytes_find(value, '\0') == value.len &&
           !invisible_find(value, INVISIBLE_LINE_BREAK, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct bytes value = fuzz_bytes(data, size);
    struct parameter_list list;
    bool hides = false;
    if (parameter_parse(arena, value, &list)) {
        hides = list.has_line_break || list.has_nul;
        if (list.count > PARAMETER_MAX)
            fuzz_fail("%zu parameters", list.count);
        for (size_t i = 0; i < list.count; i++) {
            check_parameter(&list, i, value);
            hides |= list.parameters[i].has_line_break || list.parameters[i].has_nul;
        }
    } else if (!arena_failed(arena)) {
        fuzz_fail("not read, and memory was there: %s", fuzz_show(value));
    }
    if (hides && hides_nothing_raw(value) && judged(arena, value) != OUTCOME_VIOLATION &&
        !arena_failed(arena))
        fuzz_fail("header_injection passes over %s", fuzz_show(value));
    arena_free(arena);
    return 0;
}
