/* Records as JSON lines in a folder of the test's own, and histories of them. */
#ifndef TESTS_HISTORY_FIXTURE_H
#define TESTS_HISTORY_FIXTURE_H

#include "history/history.h"
#include "history/store.h"
#include "policy/bytes.h"

/* A record that every reader takes; keys: more of them ("\"login\":\"x\",") or "". id's first part
 * is the test's own; time as "2026-11-20T10:00:00.000Z". malloc'd. */
char *fixture_record(const char *id, const char *time, const char *action, const char *keys);

/* A path in the test's folder, which fixture_done removes; good until then. */
const char *fixture_path(const char *name);
void fixture_done(void);

void fixture_write(const char *path, const char *const *lines, size_t count);

/* The lines as a history; it must open. */
struct history *fixture_history(const char *const *lines, size_t count);

/* The database at a path, opened for writing; it must open. */
struct store *fixture_store(const char *path);

/* So many records of a day ("2026-11-20"), one a second from midnight, each with so many bytes
 * more, a signature, a recipient and an observed verdict. */
void fixture_insert(struct store *store, const char *day, int count, int padding);

/* The one number that is the answer of the database at a path. */
int64_t fixture_number(const char *path, const char *sql);

#endif
