/* Addresses that only show once encoded words are decoded, where a reader that decodes first and
 * parses then takes them for the field's own. */
#ifndef POLICY_SMUGGLE_H
#define POLICY_SMUGGLE_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* Whether an address field's encoded words (RFC 2047) hold, decoded, an address in angle brackets
 * that is none of the field's own; with `commas` also one that a comma or semicolon sets apart, and
 * encoded words that stand inside an address. Without: an address in what is the whole display name
 * of one mailbox, and nothing else, may be another, as in quotes, where it is in the clear. False
 * and arena_failed() when memory is out. */
bool smuggle_has_address(struct arena *arena, struct bytes value, bool commas);

#endif
