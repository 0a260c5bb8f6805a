/* The display name of one mailbox, gathered token by token. Only the files of policy/address*.c use
 * it. */
#ifndef POLICY_ADDRESS_NAME_H
#define POLICY_ADDRESS_NAME_H

#include "policy/address.h"
#include "policy/address_lex.h"
#include "policy/encoded_word.h"

struct address_name {
    char *text; /* still encoded; has room for all of the field's value */
    size_t len;
    bool has_quoted;  /* a quoted string is part of it */
    bool has_address; /* ... with what looks like an address in it */
    bool has_comment;
    bool word_is_open;            /* an encoded word does not end in the part that it begins in */
    size_t open_until;            /* the end of the first such part */
    enum address_token_kind part; /* the last one: atoms, a quoted string, a comment */
    size_t part_from;
    const char *special; /* what the reason "encoded-special" is about, once it is found */
};

/* Quoted strings without their quotes, comments with their parentheses, a blank where there were
 * any. */
void address_name_add(struct address_name *name, const struct address_lexer *lexer,
                      struct address_token token);
void address_name_add_text(struct address_name *name, struct bytes text);

/* Decodes the part of the name that is to be shown into the mailbox's display; its address is known
 * by now. NULL, or the reason word of what readers could differ on. */
const char *address_name_finish(struct arena *arena, struct address_name *name, struct bytes shown,
                                struct mailbox *mailbox);

/* What readers that decode first and parse then would see in a name with encoded words: NULL where
 * they come to the same address. */
const char *address_name_check_decoded(struct arena *arena, struct address_name *name,
                                       struct bytes shown, struct bytes decoded,
                                       const struct mailbox *mailbox);

#endif
