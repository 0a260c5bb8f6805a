/* The keys under which the owner of an address may stand in a table. */
#ifndef TABLES_SENDER_KEYS_H
#define TABLES_SENDER_KEYS_H

#include "policy/address.h"
#include "policy/error.h"

#define SENDER_KEYS_MAX 8

enum sender_key_form {
    SENDER_KEY_WHOLE,
    SENDER_KEY_STRIPPED, /* without its extension */
    SENDER_KEY_DOMAIN,   /* @domain */
};

struct sender_key {
    struct bytes text;
    enum sender_key_form form; /* in the order of their values */
    bool for_patterns;         /* pattern tables are asked for it as well */
};

struct sender_keys {
    struct sender_key keys[SENDER_KEYS_MAX];
    size_t count;
};

struct sender_key_options {
    const char *delimiters; /* empty: no extensions */
    bool keep_case;
};

/* In the order in which they are asked. When memory is out: arena_failed(). */
void sender_keys_build(const struct sender_key_options *options, struct arena *arena,
                       const struct mailbox *mailbox, struct sender_keys *ret_keys);

/* An address as an admin writes it in a table or a command (address_parse_plain), also where it
 * needs quotes for its dots and has none: john..doe@example.com. False: not an address. */
MUST_CHECK bool sender_keys_read(struct arena *arena, struct bytes text,
                                 struct mailbox *ret_mailbox);

/* The local part without its extension, or no bytes where it has none. */
struct bytes sender_keys_strip(const char *delimiters, struct bytes local);

#endif
