/* The history's tables: what one decision leaves in the database, and how an older one is brought
 * up to date. The manual submilter-history(5) describes them for those who ask with SQL. */
#ifndef HISTORY_MIGRATE_H
#define HISTORY_MIGRATE_H

#include <sqlite3.h>

#include "policy/error.h"

#define MIGRATE_VERSION 1                 /* PRAGMA user_version */
#define MIGRATE_APPLICATION_ID 0x7375626d /* PRAGMA application_id: "subm" */

/* Makes the tables in an empty database, or takes an older one's to this version, in one
 * transaction. A newer version, or a database of something else, is an error and is left alone.
 * After an error close the database, which undoes what was begun; sqlite3_errcode says whether it
 * was SQLite that failed. */
MUST_CHECK bool migrate_schema(sqlite3 *database, struct error *error);

/* Whether it is empty or a history of a version that we know. Changes nothing. */
MUST_CHECK bool migrate_is_ours(sqlite3 *database, struct error *error);

/* For readers: whether it is a history of this version, with its tables. Changes nothing. */
MUST_CHECK bool migrate_check(sqlite3 *database, struct error *error);

#endif
