/* Files, databases and answers of the real postmap, for the tests of tables/. */
#ifndef TESTS_UNIT_TABLES_FIXTURE_H
#define TESTS_UNIT_TABLES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tables/table.h"

/* cmocka group set-up and tear-down: a folder of our own with an empty main.cf. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* DIR/name; good until four further calls. */
const char *fixture_path(const char *name);

/* "kind:DIR/name"; likewise. */
const char *fixture_spec(const char *kind, const char *name);

void fixture_write(const char *name, const void *data, size_t len);
void fixture_write_text(const char *name, const char *text);

/* postmap kind:DIR/name. False: it said no. */
bool fixture_postmap(const char *kind, const char *name);

/* What `postmap -q - spec` answers for a key, from malloc; NULL: nothing. */
char *fixture_query(const char *spec, const char *key);

/* Opens a table that must open. */
struct table *fixture_open(const char *spec);

/* The table does not open, and the error has this in it. */
void fixture_refused(const char *spec, const char *expected);

/* Asks for a key in an exactly sized copy without a NUL, and compares; value NULL: it is absent. */
void fixture_expect(const struct table *table, const char *key, const char *value);

#endif
