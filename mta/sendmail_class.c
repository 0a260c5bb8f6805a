/* The words of a class: names of this host, domains that are masqueraded, ... */
#include "mta/sendmail_cf.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mta/whole_file.h"

#define MAX_BYTES ((size_t)4 << 20)

struct words {
    const char **items;
    size_t count;
    size_t room;
};

static bool add(struct arena *arena, struct words *words, struct bytes word)
{
    if (words->count == words->room) {
        size_t room = words->room * 2 + 16;
        const char **items = arena_alloc(arena, room * sizeof *items);
        if (!items)
            return false;
        if (words->count)
            memcpy(items, words->items, words->count * sizeof *items);
        words->items = items;
        words->room = room;
    }
    words->items[words->count] = arena_text(arena, word);
    return words->items[words->count++] != NULL;
}

static bool add_all(struct arena *arena, struct words *words, const char *text)
{
    for (text += strspn(text, " \t\n"); *text; text += strspn(text, " \t\n")) {
        size_t len = strcspn(text, " \t\n");
        if (!add(arena, words, (struct bytes){text, len}))
            return false;
        text += len;
    }
    return true;
}

/* As Sendmail's usual format %[^\#] reads it: up to a "#", and of that the first word. */
static bool add_lines(struct arena *arena, struct words *words, const char *text)
{
    while (*text) {
        size_t line = strcspn(text, "\n");
        size_t from = strspn(text, " \t\r");
        size_t len = strcspn(text + from, " \t\r\n#");
        if (from < line && len && !add(arena, words, (struct bytes){text + from, len}))
            return false;
        text += line + (text[line] == '\n');
    }
    return true;
}

/* "-o /etc/mail/local-host-names %[^\#]": the path; NULL for a map or a program. */
static const char *file_of(struct arena *arena, const char *value)
{
    if (strncmp(value, "-o", 2) == 0)
        value += 2 + strspn(value + 2, " \t");
    if (value[0] != '/')
        return NULL;
    return arena_text(arena, (struct bytes){value, strcspn(value, " \t")});
}

static bool add_file(struct arena *arena, struct words *words, const char *path,
                     struct error *error)
{
    struct bytes text;
    struct stat status;
    if (stat(path, &status) < 0 && errno == ENOENT)
        return true;
    if (!whole_file_read(arena, path, MAX_BYTES, &text, error))
        return false;
    return add_lines(arena, words, text.data) || error_set(error, "memory is out");
}

bool sendmail_cf_class(struct arena *arena, const struct sendmail_cf *cf, const char *name,
                       struct texts *ret_words, struct error *error)
{
    struct words words = {0};
    for (size_t i = 0; i < cf->line_count; i++) {
        const struct sendmail_line *line = &cf->lines[i];
        if (strcmp(line->name, name) != 0)
            continue;
        if (line->kind == 'C' && !add_all(arena, &words, line->value))
            return error_set(error, "memory is out");
        const char *path = line->kind == 'F' ? file_of(arena, line->value) : NULL;
        if (path && !add_file(arena, &words, path, error))
            return false;
    }
    *ret_words = (struct texts){words.items, words.count};
    return true;
}
