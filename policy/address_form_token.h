/* An address field cut into tokens as Sendmail cuts it, which takes what address_lex.h does not. */
#ifndef POLICY_ADDRESS_FORM_TOKEN_H
#define POLICY_ADDRESS_FORM_TOKEN_H

#include "policy/bytes.h"

enum form_token_kind {
    FORM_END,
    FORM_BLANK,   /* blanks and folds */
    FORM_ATOM,    /* all that is nothing else */
    FORM_QUOTED,  /* with its quotation marks */
    FORM_COMMENT, /* with its parentheses */
    FORM_ANGLE,   /* with its angle brackets */
    FORM_WORD,    /* an encoded word (RFC 2047); commas in it end nothing */
    FORM_SPECIAL, /* one of , : ; */
    FORM_BAD,     /* quotes or brackets that do not close */
};

struct form_token {
    enum form_token_kind kind;
    struct bytes text;
};

/* The token at *at, which moves behind it. */
struct form_token form_token_next(struct bytes text, size_t *at);

bool form_token_is(struct form_token token, char special);

/* Whether Sendmail puts names with that character in quotes (MustQuoteChars of Debian among them).
 */
bool form_must_quote(char byte);

bool form_is_blank(char byte);

#endif
