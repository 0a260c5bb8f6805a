/* What the databases that postmap makes have in common. */
#ifndef TABLES_STORED_H
#define TABLES_STORED_H

#include "policy/bytes.h"
#include "policy/error.h"

/* PATH.suffix, from malloc, when it is there and may be read. NULL: the error says why not, and how
 * the file is made. */
char *stored_file(const char *path, const char *suffix, struct error *error);

/* A value as Postfix takes it: up to the first NUL, which may be missing. */
struct bytes stored_text(const void *data, size_t len);

/* A key as it is asked for: without the NUL that postmap writes behind it on some systems. */
struct bytes stored_key(const void *data, size_t len);

#endif
