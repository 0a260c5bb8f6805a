/* What a kind of table is made of: for the kinds themselves and table.c only.
 *
 * To add one: tables/NAME.c with `const struct table_kind table_kind_NAME`, a line in
 * tables/kinds.h, its place in Makefile.am, its cases in tests/unit/. */
#ifndef TABLES_KIND_H
#define TABLES_KIND_H

#include <stdatomic.h>

#include "policy/file_state.h"
#include "tables/table.h"

struct table {
    const struct table_kind *kind;
    char *name; /* "kind:path" as configured, for sources and reasons */
    enum table_case letters;
    void *state;            /* the kind's own */
    struct file_state file; /* where all of it was read from the path at once; else zeroes */
    atomic_uint references;
};

struct table_visitor {
    bool (*visit)(void *context, const struct table_row *row);
    void *context;
};

struct table_kind {
    const char *name; /* what stands before the colon */
    bool patterns;
    bool databases; /* its keys are spelt as who made it had them: asked for in several spellings */
    /* path: what stands behind the colon. Sets table->state, and table->file where file_read told
     * it; all else is set already. */
    bool (*open)(const char *path, struct table *table, struct error *error);
    /* key: not empty, without NUL, valid UTF-8, folded as table->letters says (patterns: as it
     * came; databases: in each of its spellings until one is found). FOUND sets value and source,
     * UNAVAILABLE sets source, both in the arena. */
    enum table_result (*find)(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer);
    /* table_each: fills a row for each that find could answer with, or that somebody wrote in the
     * hope of it. Holds no lock while it visits. */
    enum table_walk (*each)(const struct table *table, const struct table_visitor *visitor,
                            struct error *error);
    void (*free)(void *state);
};

/* For each: TABLE_WALKED goes on. */
enum table_walk table_visit(const struct table_visitor *visitor, const struct table_row *row);

/* For find: sets the reason, returns TABLE_UNAVAILABLE. */
enum table_result table_unavailable(struct arena *arena, struct table_answer *ret_answer,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* For find: copies the value, sets the source as by printf, returns TABLE_FOUND. */
enum table_result table_found(struct arena *arena, struct table_answer *ret_answer,
                              struct bytes value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define KIND(name) extern const struct table_kind table_kind_##name;
#include "tables/kinds.h"
#undef KIND

#endif
