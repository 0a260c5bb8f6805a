/* Numbering fields of the same name, as smfi_chgheader counts them. */
#ifndef POLICY_INSTANCES_H
#define POLICY_INSTANCES_H

#include "policy/facts.h"

/* Sets instance of every field: 1 for the first of its name (ASCII case ignored). Linear whatever
 * the names are, as long as nobody who writes them knows the secret. False when memory is out. */
bool instances_number(struct arena *arena, const uint8_t secret[16], struct field *fields,
                      size_t count);

#endif
