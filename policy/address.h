/* Mailboxes as RFC 5322 (with RFC 6531/6532's UTF-8 and RFC 5891's domains) has them, read so that
 * two readers of the same bytes cannot come to different answers.
 *
 * Three answers: the one reading that every reader agrees on; a reading that others could see
 * differently; nothing that can be read. The last two carry a stable reason word. */
#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

#include "policy/arena.h"
#include "policy/bytes.h"

enum address_reading {
    ADDRESS_AGREED,     /* every mailbox is certain */
    ADDRESS_AMBIGUOUS,  /* readers may differ: reason says on what */
    ADDRESS_UNPARSABLE, /* no mailbox to be had: reason says why */
};

struct mailbox {
    struct bytes raw;     /* this mailbox's part of the input */
    struct bytes display; /* display name or lone comment as people see it: UTF-8, unquoted,
                             unfolded, encoded words decoded; no bytes where there is none */
    struct bytes local;   /* local part, unquoted, NFC, case kept */
    struct bytes domain;  /* lower case, A-labels, no trailing dot; no bytes for a bare login */
    struct bytes address; /* local@domain for people and look-ups: local (quoted again where it must
                             be) with ASCII letters in lower case, NFC; domain as above */
    bool plain;           /* local part is a dot-atom: pattern and domain grants may cover it */
    bool utf8;            /* local part or the domain as written has bytes above 127 */
};

/* The reason words.
 *
 * The list: "empty", "no-address", "unqualified" (a bare login), "empty-element" (nothing
 * between two commas), "too-many" (over 100), "two-addresses", "address-beside-address" and
 * "text-beside-address" (of an angle address, or of a bare one), "group", "separator" (a
 * semicolon), "special" (a character that must be quoted), "nested-angles", "unbalanced"
 * (quotes, brackets, parentheses). Comments and quotes: "comment" (where it does not belong),
 * "comment-address" (with an address in it), "comment-fold", "nested" (too deep), "quoted-pair",
 * "quoted-fold" (an address in a folded string), "quoted-local" (what may not be in a local part
 * even so). The address: "route", "literal", "second-at", "empty-local", "empty-domain",
 * "empty-label", "trailing-dot", "bad-domain", "dots" (in the local part), "too-long",
 * "obsolete-space", "compatibility" (characters that normalisation turns into others),
 * "invisible", "bad-utf8", "encoded-address" (an encoded word in the address, or another address
 * in an encoded word), "encoded-special" (that shifts what is quoted). Bytes: "control" (NUL,
 * bare CR or LF, C0, C1, U+2028, U+2029), "blank-line" (a fold of blanks only),
 * "encoded-control", "malformed-word", "odd-charset" (UTF-7, UTF-16). And "memory". */
struct address_list {
    enum address_reading reading;
    const char *reason;  /* static; NULL when AGREED. "group", "route", "two-addresses", ... */
    const char *special; /* of "encoded-special": which, "(" or "( and )"; else NULL. Static */
    struct mailbox *mailboxes; /* in the arena; the certain ones so far, even when not AGREED */
    size_t count;
};

/* The value of a From, Sender, Resent-* field as received (leading blank, folds as CRLF or LF +
 * blank). Everything that is returned lives in the arena or in the value. When memory is out:
 * UNPARSABLE with reason "memory" and arena_failed(). Linear in the value's length. */
void address_parse_list(struct arena *arena, struct bytes value, struct address_list *ret_list);

/* A reverse-path of MAIL FROM with or without its angle brackets (RFC 5321 4.1.2, RFC 6531).
 * "<>" or "" gives AGREED with count 0. Source routes are AMBIGUOUS. An address without a domain
 * ("root", as sendmail(1) hands in) is AGREED with an empty domain. */
void address_parse_path(struct arena *arena, struct bytes path, struct address_list *ret_list);

/* An address as an admin writes it in the configuration, a table or a command: local@domain, a bare
 * login, or @domain (empty local). False: not an address. */
bool address_parse_plain(struct arena *arena, struct bytes text, struct mailbox *ret_mailbox);

/* The domain in the form that domains are compared in: UTF-8 or ASCII in, NFC and case folded,
 * A-labels out (IDNA 2008, non-transitional), one trailing dot taken off. False: not a domain name
 * (also for address literals, empty labels, over-long names). */
bool address_normalise_domain(struct arena *arena, struct bytes domain, struct bytes *ret_domain);

/* Whether a domain is the parent or lies below it, both normalised; ASCII case ignored. */
bool address_domain_within(struct bytes domain, struct bytes parent);

/* Same mailbox: domains as A-labels, local parts by ASCII case only and NFC. */
bool address_same(const struct mailbox *a, const struct mailbox *b);

#endif
