/* Opening tables by their kind's name, and what holds for look-ups in all of them. */
#include "tables/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>

#include "policy/shell.h"
#include "tables/file.h"
#include "tables/key.h"
#include "tables/kind.h"

static const struct table_kind *const kinds[] = {
#define KIND(name) &table_kind_##name,
#include "tables/kinds.h"
#undef KIND
    NULL};

#define KIND_NAMES "texthash:, inline:, pcre:, lmdb: and cdb:"

static const struct table_kind *kind_named(struct bytes name)
{
    for (size_t i = 0; kinds[i]; i++)
        if (bytes_equal(name, bytes_of(kinds[i]->name)))
            return kinds[i];
    return NULL;
}

/* Kinds that Postfix has and we do not: what to write instead. */
static bool unknown_kind(const char *spec, struct bytes name, const char *path, struct error *error)
{
    bool berkeley = bytes_equal(name, BYTES("hash")) || bytes_equal(name, BYTES("btree"));
    if (berkeley || bytes_equal(name, BYTES("dbm")) || bytes_equal(name, BYTES("sdbm")))
        return error_set(error,
                         "%.*s: is %s, which submilter does not read: use `postmap lmdb:%s` and "
                         "write \"lmdb:%s\", or write \"texthash:%s\"",
                         (int)name.len, name.data, berkeley ? "Berkeley DB" : "a DBM file",
                         shell_word(path).text, path, path);
    if (bytes_equal(name, BYTES("regexp")))
        return error_set(error,
                         "regexp: is not read by submilter: try \"pcre:%s\", which reads most of "
                         "such files alike",
                         path);
    if (bytes_equal(name, BYTES("proxy")))
        return error_set(error,
                         "proxy: is Postfix's own way out of its chroot: leave proxy: out and "
                         "write \"%s\"",
                         path);
    return error_set(error, "\"%s\" names no kind of table that submilter reads: these are %s",
                     spec, KIND_NAMES);
}

bool table_open(const char *spec, enum table_case letters, struct table **ret_table,
                struct error *error)
{
    const char *colon = strchr(spec, ':');
    if (!colon || !colon[1])
        return error_set(error, "\"%s\" is not kind:path; for a text file write \"texthash:%s\"",
                         spec, *spec ? spec : "/path");
    struct bytes name = {spec, (size_t)(colon - spec)};
    const struct table_kind *kind = kind_named(name);
    if (!kind)
        return unknown_kind(spec, name, colon + 1, error);

    struct table *table = calloc(1, sizeof *table);
    if (table)
        table->name = strdup(spec);
    if (!table || !table->name) {
        free(table);
        return error_set(error, "%s: out of memory", spec);
    }
    table->kind = kind;
    table->letters = letters;
    atomic_init(&table->references, 1);
    if (!kind->open(colon + 1, table, error)) {
        free(table->name);
        free(table);
        return false;
    }
    *ret_table = table;
    return true;
}

struct table *table_ref(struct table *table)
{
    atomic_fetch_add(&table->references, 1);
    return table;
}

/* Opened, as table_open would: that we may is not told by its state, and NFS only then asks for it.
 */
bool table_is_current(const struct table *table)
{
    int fd;
    struct stat now;
    struct error ignored;
    if (!table->file.settled || !file_open(strchr(table->name, ':') + 1, &fd, &now, &ignored))
        return false;
    close(fd);
    return file_state_same(&table->file, &now);
}

enum table_case table_letters(const struct table *table)
{
    return table->letters;
}

void table_free(struct table *table)
{
    if (!table || atomic_fetch_sub(&table->references, 1) != 1)
        return;
    table->kind->free(table->state);
    free(table->name);
    free(table);
}

bool table_matches_patterns(const struct table *table)
{
    return table->kind->patterns;
}

const char *table_name(const struct table *table)
{
    return table->name;
}

enum table_walk table_each(const struct table *table,
                           bool (*visit)(void *context, const struct table_row *row), void *context,
                           struct error *error)
{
    const struct table_visitor visitor = {visit, context};
    return table->kind->each(table, &visitor, error);
}

enum table_walk table_visit(const struct table_visitor *visitor, const struct table_row *row)
{
    return visitor->visit(visitor->context, row) ? TABLE_WALKED : TABLE_STOPPED;
}

struct bytes table_row_source(struct arena *arena, const struct table_row *row)
{
    char line[16] = "";
    if (row->line)
        snprintf(line, sizeof line, ":%u", row->line);
    return bytes_of(arena_printf(arena, "%s%s %.*s", row->place, line, (int)row->key.len,
                                 row->key.data ? row->key.data : ""));
}

static bool is_utf8(struct bytes text)
{
    return !text.len || !u8_check((const uint8_t *)text.data, text.len);
}

__attribute__((format(printf, 2, 0))) static struct bytes
format_source(struct arena *arena, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    return arena_bytes(arena, bytes_of(text));
}

enum table_result table_unavailable(struct arena *arena, struct table_answer *ret_answer,
                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ret_answer->value = (struct bytes){NULL, 0};
    ret_answer->source = format_source(arena, format, args);
    va_end(args);
    return TABLE_UNAVAILABLE;
}

enum table_result table_found(struct arena *arena, struct table_answer *ret_answer,
                              struct bytes value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ret_answer->value = arena_bytes(arena, value);
    ret_answer->source = format_source(arena, format, args);
    va_end(args);
    return TABLE_FOUND;
}

/* In what spellings the kind is asked for the key. */
static void spell(const struct table *table, struct arena *arena, struct bytes key,
                  struct key_spellings *ret_spellings)
{
    if (table->kind->databases) {
        key_spell(arena, key, table->letters, ret_spellings);
        return;
    }
    ret_spellings->texts[0] = table->kind->patterns ? key : key_fold(arena, key, table->letters);
    ret_spellings->count = 1;
}

bool table_asks(const struct table *table, struct arena *arena, struct bytes key,
                struct bytes row_key)
{
    struct key_spellings spellings;
    if (bytes_equal(key, row_key))
        return true;
    if (!is_utf8(key))
        return false;
    spell(table, arena, key, &spellings);
    for (size_t i = 0; i < spellings.count; i++)
        if (bytes_equal(spellings.texts[i], row_key))
            return true;
    return false;
}

enum table_result table_find(const struct table *table, struct arena *arena, struct bytes key,
                             struct table_answer *ret_answer)
{
    *ret_answer = (struct table_answer){{NULL, 0}, {NULL, 0}};
    if (!key.len || bytes_find(key, '\0') < key.len || !is_utf8(key))
        return TABLE_ABSENT;
    struct key_spellings spellings;
    enum table_result result = TABLE_ABSENT;
    spell(table, arena, key, &spellings);
    for (size_t i = 0; i < spellings.count && result == TABLE_ABSENT && !arena_failed(arena); i++)
        result = table->kind->find(table, arena, spellings.texts[i], ret_answer);
    if (arena_failed(arena)) {
        *ret_answer = (struct table_answer){{NULL, 0}, BYTES("out of memory")};
        return TABLE_UNAVAILABLE;
    }
    if (result != TABLE_FOUND)
        return result;
    if (!ret_answer->value.len)
        return table_unavailable(arena, ret_answer, "%s: the row has no value",
                                 ret_answer->source.data);
    if (!is_utf8(ret_answer->value))
        return table_unavailable(arena, ret_answer, "%s: the row's value is not UTF-8",
                                 ret_answer->source.data);
    return TABLE_FOUND;
}
