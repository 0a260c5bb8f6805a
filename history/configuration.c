/* Settings by their hash. */
#include "history/configuration.h"

#include <string.h>

#include "history/private.h"

bool configuration_find(struct history *history, const char *hash, char **ret_text,
                        int64_t *ret_first_seen, struct error *error)
{
    sqlite3_stmt *statement;
    bool row = false;
    *ret_text = NULL;
    *ret_first_seen = 0;
    if (!history_prepare(history, "SELECT text, first_seen FROM configurations WHERE hash = ?1",
                         &statement, error))
        return false;
    sqlite3_bind_text(statement, 1, hash, -1, SQLITE_STATIC);
    bool well = history_step(history, statement, &row, error);
    if (well && row) {
        struct bytes text = history_column(statement, 0);
        *ret_text = strndup(text.len ? text.data : "", text.len);
        *ret_first_seen = sqlite3_column_int64(statement, 1);
        well = *ret_text || error_set(error, "out of memory");
    }
    sqlite3_finalize(statement);
    return well;
}
