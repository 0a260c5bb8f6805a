/* Lines into the store, leaving room for the daemon's own writing. */
#include "history/import.h"

#include "history/lines.h"
#include "history/store_private.h"

#define BATCH 200 /* some hundredths of a second */
/* Nobody waits for an import, and what it has begun is better ended than begun again. */
#define BUSY_MILLISECONDS 60000

bool import_files(const char *path, const char *const *files, size_t file_count,
                  const struct history_watch *watch, struct import_count *ret_count,
                  struct error *error)
{
    struct store *store;
    *ret_count = (struct import_count){0};
    if (store_open(path, BUSY_MILLISECONDS, &store, error) != STORE_DONE)
        return false;
    bool well = lines_load(store->database, files, file_count, BATCH, watch, ret_count, error);
    store_close(store);
    return well;
}
