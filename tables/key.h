/* The one spelling of a key under which rows are kept and asked for. */
#ifndef TABLES_KEY_H
#define TABLES_KEY_H

#include "tables/table.h"

/* The key to ask for: ASCII letters in lower case (all, or those behind the last @). Copied into
 * the arena where anything changes. */
struct bytes key_fold(struct arena *arena, struct bytes key, enum table_case letters);

/* The same in place for the key of a row in a text, which is also put into NFC, and into Unicode's
 * lower case where case is folded. False when memory is out or the key would grow, which a handful
 * of capitals do. */
MUST_CHECK bool key_fold_row(char *key, size_t *len, enum table_case letters);

#endif
