/* Tables that are text: texthash, inline, pcre. What is refused says where; each row that is walked
 * is found by its key, with its value; and no key makes a look-up read where it should not.
 *
 * The first byte chooses kind and case, then a key, then the table's text. */
#include "tables/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)8 << 20)

static int file = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("table", MFD_CLOEXEC);
    if (file < 0)
        abort();
    return 0;
}

/* "kind:PATH" with the text behind the path, or in the place of it. */
static char *spec_of(unsigned kind, struct bytes text)
{
    static const char *const kinds[] = {"texthash", "pcre"};
    char *spec = NULL;
    if (kind == 2) {
        if (bytes_find(text, '\0') < text.len ||
            asprintf(&spec, "inline:%.*s", (int)text.len, text.len ? text.data : "") < 0)
            return NULL;
        return spec;
    }
    if (ftruncate(file, 0) < 0 || pwrite(file, text.data, text.len, 0) != (ssize_t)text.len ||
        asprintf(&spec, "%s:/proc/self/fd/%d", kinds[kind], file) < 0)
        abort();
    return spec;
}

struct walk {
    const struct table *table;
    struct arena *arena;
};

static bool visit(void *context, const struct table_row *row)
{
    struct walk *walk = context;
    struct table_answer answer;
    (void)table_row_source(walk->arena, row);
    if (table_matches_patterns(walk->table) || !row->key.len)
        return true;
    if (table_find(walk->table, walk->arena, row->key, &answer) != TABLE_FOUND)
        fuzz_fail("a row that is not found: %s", fuzz_show(row->key));
    if (!bytes_equal(answer.value, row->value))
        fuzz_fail("%s has the value %s, and %s is found", fuzz_show(row->key),
                  fuzz_show(row->value), fuzz_show(answer.value));
    return true;
}

static void check_find(const struct table *table, struct arena *arena, struct bytes key)
{
    struct table_answer answer;
    enum table_result result = table_find(table, arena, key, &answer);
    if (result == TABLE_FOUND && (!answer.value.len || !answer.source.len))
        fuzz_fail("found, and no value or source: %s", fuzz_show(key));
    if (result == TABLE_FOUND && bytes_find(key, '\0') < key.len)
        fuzz_fail("found a key with a NUL: %s", fuzz_show(key));
    if (result == TABLE_UNAVAILABLE && !answer.source.len && !arena_failed(arena))
        fuzz_fail("no answer, and no reason: %s", fuzz_show(key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = fuzz_bytes(data, size);
    unsigned chosen = fuzz_take_byte(&rest);
    struct bytes key = fuzz_copy(bytes_slice(fuzz_take_piece(&rest), 0, 300));
    char *spec = spec_of(chosen % 3, rest);
    struct table *table = NULL;
    struct error error = {""};
    struct arena *arena = arena_new(CEILING);
    if (spec && table_open(spec, chosen & 4 ? TABLE_KEEP_LOCAL : TABLE_FOLD_CASE, &table, &error)) {
        struct walk walk = {table, arena};
        check_find(table, arena, key);
        if (table_each(table, visit, &walk, &error) != TABLE_WALKED)
            fuzz_fail("not walked: %s", error.text);
        table_free(table);
    } else if (spec && !error.text[0]) {
        fuzz_fail("refused without a reason: %s", fuzz_show(rest));
    }
    arena_free(arena);
    free(spec);
    fuzz_free(key);
    return 0;
}
