/* cdb:PATH: PATH.cdb, as postmap makes it and puts in place of the one before.
 *
 * The library looks things up in a map of a file. That of the file itself would end with the
 * process when somebody copies a shorter one over it, so it is read once into memory of its own. */

#include <cdb.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/shell.h"
#include "tables/file.h"
#include "tables/kind.h"
#include "tables/stored.h"

#define FILE_MAX ((size_t)1 << 30)
#define HEADER_SIZE 2048 /* 256 hash tables' places */

struct cdb_table {
    struct cdb cdb;
    int fd;
    size_t size;
};

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t written = write(fd, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        len -= (size_t)written;
    }
    return true;
}

/* A file in memory that holds what the file at path holds, or -1. */
static int copy_into_memory(const char *path, size_t *ret_len, struct error *error)
{
    char *data;
    size_t len;
    if (!file_read(path, FILE_MAX, &data, &len, NULL, error))
        return -1;
    int fd = -1;
    if (len < HEADER_SIZE) {
        error_set(error, "%s: is too short for a cdb", path);
    } else {
        fd = memfd_create("cdb", MFD_CLOEXEC);
        if (fd < 0 || !write_all(fd, data, len)) {
            error_set(error, "%s: cannot be copied into memory: %s", path, strerror(errno));
            if (fd >= 0)
                close(fd);
            fd = -1;
        }
    }
    free(data);
    *ret_len = len;
    return fd;
}

static void free_state(void *state)
{
    struct cdb_table *table = state;
    cdb_free(&table->cdb);
    close(table->fd);
    free(table);
}

/* The library checks places as it goes, so a file of another kind shows only when it is asked: the
 * hash tables have to lie behind the header and within the file. */
static bool looks_sound(const struct cdb *cdb, size_t size)
{
    for (unsigned i = 0; i < 256; i++) {
        const unsigned char *entry = cdb_get(cdb, 8, i * 8);
        if (!entry)
            return false;
        unsigned long long place = cdb_unpack(entry);
        unsigned long long slots = cdb_unpack(entry + 4);
        if (place < HEADER_SIZE || place + slots * 8 > size)
            return false;
    }
    return true;
}

static bool open_file(const char *path, const char *file, struct table *table, struct error *error)
{
    struct cdb_table *state = calloc(1, sizeof *state);
    if (!state)
        return error_set(error, "%s: out of memory", file);
    state->fd = copy_into_memory(file, &state->size, error);
    if (state->fd < 0) {
        free(state);
        return false;
    }
    if (cdb_init(&state->cdb, state->fd)) {
        close(state->fd);
        free(state);
        return error_set(error, "%s: %s", file, strerror(errno));
    }
    if (!looks_sound(&state->cdb, state->size)) {
        free_state(state);
        return error_set(error, "%s: is not a cdb, or damaged. Make it anew: postmap cdb:%s", file,
                         shell_word(path).text);
    }
    table->state = state;
    return true;
}

static bool open_table(const char *path, struct table *table, struct error *error)
{
    char *file = stored_file(path, "cdb", error);
    bool ok = file && open_file(path, file, table, error);
    free(file);
    return ok;
}

static enum table_result find(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer)
{
    /* The library notes in it where it found what: each look-up has one of its own. */
    struct cdb cdb = ((const struct cdb_table *)table->state)->cdb;
    char *text = arena_text(arena, key); /* for the NUL behind it */
    if (!text)
        return TABLE_UNAVAILABLE;
    if (key.len >= FILE_MAX)
        return TABLE_ABSENT;
    int found = cdb_find(&cdb, text, (unsigned)key.len + 1);
    if (!found)
        found = cdb_find(&cdb, text, (unsigned)key.len);
    const void *value = found > 0 ? cdb_getdata(&cdb) : NULL;
    if (found < 0 || (found && !value))
        return table_unavailable(arena, ret_answer, "%s: the file is damaged", table->name);
    if (!found)
        return TABLE_ABSENT;
    return table_found(arena, ret_answer, stored_text(value, cdb_datalen(&cdb)), "%s %s",
                       table->name, text);
}

static enum table_walk each(const struct table *table, const struct table_visitor *visitor,
                            struct error *error)
{
    struct cdb cdb = ((const struct cdb_table *)table->state)->cdb;
    unsigned place;
    int more;
    cdb_seqinit(&place, &cdb);
    while ((more = cdb_seqnext(&place, &cdb)) > 0) {
        const void *key = cdb_getkey(&cdb);
        const void *value = cdb_getdata(&cdb);
        if (!key || !value)
            break;
        const struct table_row row = {.key = stored_key(key, cdb_keylen(&cdb)),
                                      .value = stored_text(value, cdb_datalen(&cdb)),
                                      .place = table->name};
        if (table_visit(visitor, &row) == TABLE_STOPPED)
            return TABLE_STOPPED;
    }
    if (!more)
        return TABLE_WALKED;
    error_set(error, "%s: the file is damaged", table->name);
    return TABLE_UNREADABLE;
}

const struct table_kind table_kind_cdb = {
    .name = "cdb",
    .databases = true,
    .open = open_table,
    .find = find,
    .each = each,
    .free = free_state,
};
