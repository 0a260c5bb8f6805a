/* The form of an address field that Sendmail leaves as it is.
 *
 * After its milters Sendmail writes From, Sender, Reply-To, To, Cc and their Resent- kin anew: it
 * quotes names with certain characters in them, puts a blank behind each comma, completes addresses
 * without a domain, and takes blanks out of addresses. A field that was signed must not change, so
 * it is brought into that form before. */
#ifndef POLICY_ADDRESS_FORM_H
#define POLICY_ADDRESS_FORM_H

#include "policy/arena.h"
#include "policy/bytes.h"

enum address_form {
    ADDRESS_FORM_STABLE, /* but for white space it will leave as it is */
    ADDRESS_FORM_MENDED, /* so will *ret_value */
    ADDRESS_FORM_OTHER,  /* what becomes of it is not known, or memory is out (the arena remembers)
                          */
};

/* Whether Sendmail writes a field of that name anew. */
bool address_form_matters(struct bytes name);

/* Whether such a field may go without a signature over it. Not those that say who writes, or where
 * answers go. */
bool address_form_may_stay_unsigned(struct bytes name);

/* value: all behind the colon, as received. host: Sendmail's own full name ($j), by which it
 * completes addresses; no bytes where unknown. ret_value, for MENDED: with a leading blank, folds
 * as LF + blank. Mended are names, separators and white space, never whose address it is, but that
 * the host stands where no domain did, or "localhost". A name for which Sendmail has no room, and
 * which it would drop, is cut. Linear. */
enum address_form address_form_of(struct arena *arena, struct bytes value, struct bytes host,
                                  struct bytes *ret_value);

#endif
