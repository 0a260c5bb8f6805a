/* libconfig's grammar, checked before libconfig: with errors that say what was expected, and
 * because its own parser loses memory where it finds an error. */
#ifndef CONF_SYNTAX_H
#define CONF_SYNTAX_H

#include "policy/bytes.h"
#include "policy/error.h"

#define SYNTAX_MAX_DEPTH 16

/* False, with "FILE:LINE: ..." in the error. Stricter than libconfig in one thing: texts side by
 * side in a list need a comma. What is left for libconfig to find is a key that stands twice in a
 * group. */
MUST_CHECK bool syntax_check(const char *file, struct bytes text, struct error *error);

#endif
