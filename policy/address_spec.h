/* One addr-spec, local@domain, from its tokens to a mailbox. Only the files of policy/address*.c
 * use it. Every function returns NULL or the reason word of what readers could differ on. */
#ifndef POLICY_ADDRESS_SPEC_H
#define POLICY_ADDRESS_SPEC_H

#include "policy/address.h"
#include "policy/address_lex.h"

struct address_spec {
    struct address_token local;  /* ATOM or QUOTED */
    struct address_token domain; /* ATOM; END for an unqualified address */
};

/* Reads the domain; the "@" directly behind spec->local has just been read. The token that follows
 * is only peeked at. */
const char *address_spec_read_domain(struct address_lexer *lexer, struct address_token at,
                                     struct address_spec *spec);

/* Fills in all of the mailbox but raw and display. */
const char *address_spec_finish(struct arena *arena, const struct address_lexer *lexer,
                                const struct address_spec *spec, struct mailbox *ret_mailbox);

/* The domain as address_normalise_domain has it, but only where every reader maps it so. */
const char *address_domain_read(struct arena *arena, struct bytes raw, struct bytes *ret_domain);

/* Whether UTF-8 text can stand in an address: characters that are seen, and that no normalisation
 * turns into ASCII ones. */
const char *address_utf8_check(struct arena *arena, struct bytes text);

/* Whether normalisation turns any of its characters into ASCII, so that folding could make
 * another's address of it; also when memory is out. */
bool address_utf8_imitates(struct bytes text);

/* To NFC. */
const char *address_utf8_compose(struct arena *arena, struct bytes text, struct bytes *ret_text);

/* "memory", and makes the arena remember what a library's allocation met. */
const char *address_out_of_memory(struct arena *arena);

#endif
