/* Comparing logins. */
#ifndef TABLES_LOGINS_H
#define TABLES_LOGINS_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* Whether a row's value, logins separated by commas and blanks, names the login. ASCII letters'
 * case is ignored, UTF-8 is compared as NFC, the domain of a login that has one as A-labels. */
bool logins_have(struct arena *arena, struct bytes value, struct bytes login);

/* Takes the first of them off the value; no bytes: there is none left. */
struct bytes logins_next(struct bytes *value);

#endif
