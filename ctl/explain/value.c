/* Reading and printing values of a record. */
#include "ctl/explain/value.h"

#include "ctl/plain.h"
#include "policy/shell.h"

#define WORD_CEILING (1024 * 1024)

struct bytes value_of(const json_t *text)
{
    if (!json_is_string(text))
        return (struct bytes){NULL, 0};
    return (struct bytes){json_string_value(text), json_string_length(text)};
}

struct bytes value_text(const json_t *object, const char *key)
{
    return value_of(json_object_get(object, key));
}

bool value_is(const json_t *object, const char *key, const char *text)
{
    return bytes_equal(value_text(object, key), bytes_of(text));
}

int64_t value_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void value_print(FILE *out, struct bytes text)
{
    plain_write_value(out, text);
}

void value_print_word(FILE *out, struct bytes text)
{
    struct arena *arena = arena_new(WORD_CEILING);
    char *word = arena ? arena_text(arena, text) : NULL;
    if (word && *word == '-')
        fputs("-- ", out);
    if (word)
        plain_write_value(out, bytes_of(shell_quote(arena, word)));
    arena_free(arena);
}
