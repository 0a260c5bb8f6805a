/* The secret that correspondents' hashes are keyed with, in its file. */
#ifndef GATE_COUNTERS_SECRET_H
#define GATE_COUNTERS_SECRET_H

#include <stdint.h>

#include "policy/error.h"

#define COUNTERS_SECRET_SIZE 32

/* Fails for a file that others may read or write, or that is not of that size. */
MUST_CHECK bool counters_secret_read(const char *path, uint8_t ret_secret[COUNTERS_SECRET_SIZE],
                                     struct error *error);

/* Fails for a password's file that others may read or change. Root may own it and let the group of
 * the daemon read it. One that is not there, or cannot be read, is not its matter. */
MUST_CHECK bool counters_secret_guard(const char *path, struct error *error);

/* Random bytes from the kernel, mode 0600; a file that is there already stays as it is. */
MUST_CHECK bool counters_secret_make(const char *path, struct error *error);

#endif
