/* Cuts the value of an address field into RFC 5322 tokens, and stops at what no two readers cut the
 * same way. Only the files of policy/address*.c use it. */
#ifndef POLICY_ADDRESS_LEX_H
#define POLICY_ADDRESS_LEX_H

#include "policy/bytes.h"

enum address_token_kind {
    TOKEN_END,
    TOKEN_ATOM,    /* atext, dots and bytes above 127, without a blank */
    TOKEN_QUOTED,  /* with its quotation marks */
    TOKEN_COMMENT, /* with its parentheses: nothing in it that a reader could take for an address */
    TOKEN_SPECIAL, /* one of < > , ; : @ [ ] \ */
    TOKEN_BAD,     /* bad says what readers differ on */
};

struct address_token {
    enum address_token_kind kind;
    char special;      /* SPECIAL: which */
    bool blank_before; /* blanks or folds stand before it */
    bool has_pair;     /* QUOTED: has a backslash */
    bool goes_on;      /* COMMENT: has text behind another one that is in it */
    size_t from, to;   /* in the text */
    const char *bad;   /* BAD: the reason word */
};

struct address_lexer {
    struct bytes text;
    size_t at;
    struct address_token peeked;
    bool has_peeked;
};

/* NULL when every byte may stand in a field: no control characters, line breaks as folds only, no
 * blank lines. Else the reason word. */
const char *address_lex_check(struct bytes text);

void address_lex_init(struct address_lexer *lexer, struct bytes text);
struct address_token address_lex_next(struct address_lexer *lexer);
struct address_token address_lex_peek(struct address_lexer *lexer);

bool address_token_is(struct address_token token, char special);

struct bytes address_token_text(const struct address_lexer *lexer, struct address_token token);

#endif
