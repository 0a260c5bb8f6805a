/* cdb databases of any bytes: damaged ones are refused or answer "unavailable", and nothing is read
 * outside of them. (lmdb's library trusts its pages: a damaged file is no input to it.)
 *
 * First a key, then the file. */
#include "tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)8 << 20)

static int file = -1;
static char spec[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("database", MFD_CLOEXEC);
    if (file < 0)
        abort();
    snprintf(spec, sizeof spec, "cdb:/proc/self/fd/%d", file);
    return 0;
}

static bool visit(void *context, const struct table_row *row)
{
    unsigned *sum = context;
    for (size_t i = 0; i < row->key.len; i++)
        *sum += (unsigned char)row->key.data[i];
    for (size_t i = 0; i < row->value.len; i++)
        *sum += (unsigned char)row->value.data[i];
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = fuzz_bytes(data, size);
    struct bytes key = fuzz_copy(bytes_slice(fuzz_take_piece(&rest), 0, 300));
    struct table *table = NULL;
    struct table_answer answer;
    struct error error = {""};
    struct arena *arena = arena_new(CEILING);
    unsigned sum = 0;
    if (ftruncate(file, 0) < 0 || pwrite(file, rest.data, rest.len, 0) != (ssize_t)rest.len)
        abort();
    if (table_open(spec, TABLE_FOLD_CASE, &table, &error)) {
        if (table_find(table, arena, key, &answer) == TABLE_FOUND && !answer.value.len)
            fuzz_fail("found, and no value: %s", fuzz_show(key));
        (void)table_each(table, visit, &sum, &error);
        table_free(table);
    } else if (!error.text[0]) {
        fuzz_fail("refused without a reason: %s", fuzz_show(rest));
    }
    arena_free(arena);
    fuzz_free(key);
    return 0;
}
