/* libopendkim's text of a signature, made into a field's value and checked before it is believed.
 */
#ifndef DKIM_SIGNATURE_TEXT_H
#define DKIM_SIGNATURE_TEXT_H

#include "policy/arena.h"

/* What the library takes to stand before the value on the first line when it hashes and folds. */
#define SIGNATURE_TEXT_INDENT (sizeof "DKIM-Signature: " - 1)

/* A leading blank, folds as LF + blank, no CR; in the arena. With fold, the text comes in one line,
 * and one fold is put where no hash sees it: before the value of b=. No bytes when memory is out,
 * or when that leaves a line of more than 998 bytes (RFC 5322 2.1.1). */
struct bytes signature_text(struct arena *arena, struct bytes text, bool fold);

/* Whether h= has just that many names, From often enough among them, and there is no l=. */
bool signature_text_covers(struct bytes value, size_t names, size_t from);

#endif
