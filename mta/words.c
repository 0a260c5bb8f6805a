/* Lists as main.cf writes them: commas, white space, braces. */
#include "mta/words.h"

#include <string.h>

#define SEPARATORS ", \t\r\n"

static size_t word_length(const char *text)
{
    size_t depth = 0;
    size_t i = 0;
    for (; text[i] && (depth > 0 || !strchr(SEPARATORS, text[i])); i++) {
        if (text[i] == '{')
            depth++;
        else if (text[i] == '}' && depth > 0)
            depth--;
    }
    return i;
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
        text += word_length(text);
        count++;
    }
    return count;
}

bool words_split(struct arena *arena, const char *text, struct texts *ret_words)
{
    const char **items = arena_alloc(arena, (count_words(text) + 1) * sizeof *items);
    size_t count = 0;
    if (!items)
        return false;
    for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
        size_t len = word_length(text);
        items[count++] = arena_text(arena, (struct bytes){text, len});
        text += len;
    }
    *ret_words = (struct texts){items, count};
    return !arena_failed(arena);
}

const char *words_inside(struct arena *arena, const char *word)
{
    size_t len = strlen(word);
    if (len < 2 || word[0] != '{' || word[len - 1] != '}')
        return word;
    return arena_text(arena, bytes_trim((struct bytes){word + 1, len - 2}));
}
