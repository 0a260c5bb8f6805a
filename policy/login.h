/* The one form of a login in which groups, counters, records and rows of tables mean the same one.
 */
#ifndef POLICY_LOGIN_H
#define POLICY_LOGIN_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* Composed (NFC). As it is where composing would make another login's ASCII of it, as of the Kelvin
 * sign a K, and where it is no text of an address: no UTF-8, or characters that are not seen. In
 * the arena, with a NUL behind it, where anything changes, else the bytes that came. When memory is
 * out: arena_failed(). */
struct bytes login_compose(struct arena *arena, struct bytes login);

#endif
