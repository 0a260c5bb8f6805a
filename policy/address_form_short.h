/* Names that are too long for Sendmail. Only the files of policy/address_form*.c use it.
 *
 * It takes 254 bytes for one element of the list, name and address together, for certain (256 as a
 * rule; bytes from 0x80 to 0x9f count twice). Of a longer one it drops the name and the comments,
 * or cuts the address. */
#ifndef POLICY_ADDRESS_FORM_SHORT_H
#define POLICY_ADDRESS_FORM_SHORT_H

#include "policy/address_form_mailbox.h"

/* How many bytes Sendmail counts. */
size_t form_weight(struct bytes text);

/* What stands in form from `element` on has to fit, together with `rest` more bytes. Where it does
 * not, the mailbox, from `mailbox` to the end, is written as name <address>, with as much of the
 * name as fits; unknown, where that is not to be had. */
void form_shorten(struct form *form, size_t element, size_t mailbox, size_t rest);

#endif
