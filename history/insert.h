/* One record (gate/record.h: a JSON object) becomes rows of the tables. */
#ifndef HISTORY_INSERT_H
#define HISTORY_INSERT_H

#include <sqlite3.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct insert; /* the prepared statements of one database */

enum insert_result {
    INSERT_DONE,
    INSERT_KNOWN,      /* a decision of that id is there: nothing was done */
    INSERT_UNREADABLE, /* no record; error says why */
    INSERT_FAILED,     /* the database failed; roll back; error says how */
};

/* The tables are there (history/migrate.h). The database outlives it. */
MUST_CHECK bool insert_prepare(sqlite3 *database, struct insert **ret_insert, struct error *error);
void insert_free(struct insert *insert);

/* In a transaction of the caller's. record: with or without its line end. */
enum insert_result insert_record(struct insert *insert, struct bytes record, struct error *error);

#endif
