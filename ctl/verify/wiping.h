/* malloc and its kin for a library that a password goes through: what is given back is wiped. */
#ifndef CTL_VERIFY_WIPING_H
#define CTL_VERIFY_WIPING_H

#include <stddef.h>

void *wiping_malloc(size_t size);
void *wiping_calloc(size_t count, size_t size);
void *wiping_realloc(void *memory, size_t size);
char *wiping_strdup(const char *text);
void wiping_free(void *memory);

#endif
