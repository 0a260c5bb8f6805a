/* Whose the addresses are that a message claims, and which row of which table says so. */
#ifndef CTL_EXPLAIN_IDENTITIES_H
#define CTL_EXPLAIN_IDENTITIES_H

#include <jansson.h>
#include <stdio.h>

#include "policy/bytes.h"

/* Those that the rule is about, a line each; none for most rules. */
void identities_print(const json_t *record, struct bytes rule, FILE *out);

#endif
