/* Reading files of expectations, and judging all that stands in them. */
#include "gate/expectations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/our_command.h"
#include "tables/file.h"

#define FILE_MAX ((size_t)4 << 20)
#define ARENA_MOST ((size_t)512 << 20)
#define FINDING_MOST ((size_t)1 << 20)

struct expectations {
    struct arena *arena;
    struct expectation *items;
    size_t count, room;
};

void expectations_free(struct expectations *expectations)
{
    if (!expectations)
        return;
    arena_free(expectations->arena);
    free(expectations->items);
    free(expectations);
}

static bool make_room(struct expectations *expectations)
{
    if (expectations->count < expectations->room)
        return true;
    size_t room = expectations->room ? expectations->room * 2 : 64;
    struct expectation *items = realloc(expectations->items, room * sizeof *items);
    if (!items)
        return false;
    expectations->items = items;
    expectations->room = room;
    return true;
}

static bool add_line(struct expectations *expectations, const char *path, unsigned number,
                     struct bytes line, struct error *error)
{
    bool any = false;
    if (!make_room(expectations))
        return error_set(error, "%s: out of memory", path);
    if (!expectation_parse(path, number, line, expectations->arena, &any,
                           &expectations->items[expectations->count], error))
        return false;
    if (any && ++expectations->count > EXPECTATIONS_MAX)
        return error_set(error, "%s:%u: more than %d expectations", path, number, EXPECTATIONS_MAX);
    return true;
}

static bool add_lines(struct expectations *expectations, const char *path, struct bytes text,
                      struct error *error)
{
    for (unsigned number = 1; text.len; number++) {
        size_t end = bytes_find(text, '\n');
        struct bytes line = bytes_slice(text, 0, end);
        if (line.len && line.data[line.len - 1] == '\r')
            line.len--;
        if (!add_line(expectations, path, number, line, error))
            return false;
        text = bytes_slice(text, end + 1, text.len);
    }
    return true;
}

static bool add_file(struct expectations *expectations, const char *path, struct error *error)
{
    char *data = NULL;
    size_t len = 0;
    if (!file_read(path, FILE_MAX, &data, &len, NULL, error))
        return false;
    /* An editor's byte order mark. */
    size_t mark = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct bytes text = arena_bytes(expectations->arena, (struct bytes){data + mark, len - mark});
    const char *kept_path = arena_text(expectations->arena, bytes_of(path));
    free(data);
    if (!kept_path || (!text.data && len > mark))
        return error_set(error, "%s: out of memory", path);
    return add_lines(expectations, kept_path, text, error);
}

bool expectations_read(const struct texts *paths, struct expectations **ret_expectations,
                       struct error *error)
{
    struct expectations *expectations = calloc(1, sizeof *expectations);
    bool good = expectations && (expectations->arena = arena_new(ARENA_MOST));
    if (!good)
        error_set(error, "out of memory");
    for (size_t i = 0; good && i < paths->count; i++)
        good = add_file(expectations, paths->items[i], error);
    if (!good) {
        expectations_free(expectations);
        return false;
    }
    *ret_expectations = expectations;
    return true;
}

static void count(struct expectations_tally *tally, enum expectation_result result)
{
    tally->held += result == EXPECTATION_HOLDS;
    tally->broken += result == EXPECTATION_BROKEN;
    tally->untold += result == EXPECTATION_UNTOLD;
}

void expectations_judge(const struct expectations *expectations, struct snapshot *snapshot,
                        int64_t now,
                        void (*each)(void *context, const struct expectation *expectation,
                                     const struct finding *finding),
                        void *context, struct expectations_tally *tally)
{
    struct arena *arena = arena_new(FINDING_MOST);
    *tally = (struct expectations_tally){0};
    for (size_t i = 0; i < expectations->count; i++) {
        struct finding finding = {.result = EXPECTATION_UNTOLD, .happens = "out of memory"};
        if (arena) {
            arena_clear(arena);
            expectation_judge(&expectations->items[i], snapshot, now, arena, &finding);
        }
        count(tally, finding.result);
        if (each)
            each(context, &expectations->items[i], &finding);
    }
    arena_free(arena);
}

/* The first that is broken, and until there is one the first that is untold. */
struct first {
    struct error *error;
    enum expectation_result result;
};

/* Not half a character at its end. */
static struct bytes cut(struct bytes text, size_t most)
{
    if (text.len <= most)
        return text;
    while (most > 0 && ((unsigned char)text.data[most] & 0xc0) == 0x80)
        most--;
    return bytes_slice(text, 0, most);
}

static void keep_first(void *context, const struct expectation *expectation,
                       const struct finding *finding)
{
    struct first *first = context;
    if (finding->result == EXPECTATION_HOLDS || first->result == EXPECTATION_BROKEN ||
        first->result == finding->result)
        return;
    first->result = finding->result;
    struct bytes text = cut(expectation->text, 300);
    if (finding->result == EXPECTATION_UNTOLD)
        error_set(first->error, "%s:%u: it cannot be told whether \"%.*s\" holds: %s",
                  expectation->file, expectation->line, (int)text.len, text.data, finding->happens);
    else
        error_set(first->error, "%s:%u: \"%.*s\" does not hold: it would be %s", expectation->file,
                  expectation->line, (int)text.len, text.data, finding->happens);
}

static void add_others(const struct expectations_tally *tally, struct error *error)
{
    size_t others = (tally->broken ? tally->broken : tally->untold) - 1;
    size_t len = strlen(error->text);
    char all[512];
    if (!others)
        return;
    int all_len =
        snprintf(all, sizeof all, " (and %zu more: %s check shows them)", others, our_command());
    size_t most = sizeof error->text - 1 - (size_t)all_len;
    memcpy(error->text + (len < most ? len : most), all, (size_t)all_len + 1);
}

bool expectations_check(struct snapshot *snapshot, int64_t now, struct expectations_tally *tally,
                        struct error *error)
{
    struct expectations *expectations;
    struct first first = {error, EXPECTATION_HOLDS};
    *tally = (struct expectations_tally){0};
    if (!expectations_read(&snapshot->settings->expectations, &expectations, error))
        return false;
    expectations_judge(expectations, snapshot, now, keep_first, &first, tally);
    expectations_free(expectations);
    if (!tally->broken && !tally->untold)
        return true;
    add_others(tally, error);
    return false;
}
