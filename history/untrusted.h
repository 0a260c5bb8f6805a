/* A database is read as root, and its file is the daemon's user's, who may have made anything of
 * it. Nothing but plain tables is answered from then: no view, trigger or function of the schema
 * runs, no page is taken on trust, and no value is larger than a record can be. */
#ifndef HISTORY_UNTRUSTED_H
#define HISTORY_UNTRUSTED_H

#include <sqlite3.h>

#include "policy/error.h"

/* Before anything is read. */
MUST_CHECK bool untrusted_guard(sqlite3 *database, struct error *error);

#endif
