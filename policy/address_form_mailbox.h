/* One mailbox of an address field, in the form that Sendmail leaves as it is. Only the files of
 * policy/address_form*.c use it. */
#ifndef POLICY_ADDRESS_FORM_MAILBOX_H
#define POLICY_ADDRESS_FORM_MAILBOX_H

#include "policy/arena.h"
#include "policy/bytes.h"

struct form {
    struct arena *arena;
    struct bytes host;
    char *out;
    size_t len;
    size_t room;  /* of out: for all that is written; what does not fit leaves it unknown */
    bool group;   /* behind "name:", its ";" has not come yet */
    bool changed; /* out differs from what came, by more than white space */
    bool unknown; /* what Sendmail makes of it is not known */
};

void form_put(struct form *form, struct bytes text);

/* What stands beside an address stays as it is, where nothing in it has to be quoted. */
void form_put_beside(struct form *form, struct bytes text);

/* name <address>, or address, with comments. room: of as many bytes as the text. */
void form_put_mailbox(struct form *form, struct bytes text, char *room);

#endif
