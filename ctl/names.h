/* Texts kept once each, and told apart by number: logins, addresses, networks. */
#ifndef CTL_NAMES_H
#define CTL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct names;

#define NAMES_NONE UINT32_MAX

/* NULL when memory is out. */
struct names *names_new(void);
void names_free(struct names *names);

/* The text's number, from 0 in the order in which they came. Those that differ only in the case of
 * ASCII letters are one, shown as it came first. NAMES_NONE when memory is out. */
MUST_CHECK uint32_t names_add(struct names *names, struct bytes text);

/* NAMES_NONE where it was never added. */
uint32_t names_find(const struct names *names, struct bytes text);

struct bytes names_text(const struct names *names, uint32_t name); /* with a NUL behind */
uint32_t names_count(const struct names *names);

#endif
