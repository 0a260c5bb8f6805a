/* Judging one address, or one field with addresses, that a message claims to be from: what the
 * rules envelope, from and sender have in common. Each question either is answered with yes, or
 * gives the verdict and is answered with no. */
#ifndef POLICY_CLAIM_H
#define POLICY_CLAIM_H

#include "policy/facts.h"
#include "policy/option.h"
#include "policy/verdict.h"

/* What the setting `owner` asks of an address. */
enum claim_owner {
    CLAIM_OWNER_LOGIN,   /* the login may use it */
    CLAIM_OWNER_DOMAINS, /* it lies in one of the site's domains */
    CLAIM_OWNER_ANY,     /* nothing */
};
extern const char *const claim_owners[]; /* the words, for option.choices */

/* The row of that setting, for rules whose settings have `int owner`. whose: "From has". */
#define CLAIM_OWNER_ROW(settings, whose)                                                           \
    {                                                                                              \
        .name = "owner", .type = OPTION_CHOICE, .offset = offsetof(settings, owner),               \
        .default_value = "\"login\"", .choices = claim_owners,                                     \
        .help = "Whose " whose " to be: the login's, anybody's in our domains, or anybody's."      \
    }

/* The first bytes of a client's text, as the arguments of a "%.*s" in a sentence. */
#define CLAIM_SHOWN(bytes) (int)((bytes).len > 200 ? 200 : (bytes).len), (bytes).data

#define CLAIM_KIND(kind) (1U << (kind))

/* Whether all addresses of the kinds (CLAIM_KIND(IDENTITY_FROM) | ...) may be claimed. At least one
 * must have been collected, else it is unavailable: what nobody asked about is not owned. A certain
 * no comes before what is unavailable. Yes sets PASS, and the fact to the address. */
bool claim_owned(const struct facts *facts, unsigned kinds, int owner, int code,
                 struct arena *arena, struct verdict *verdict);

/* Whether every reader finds the same addresses in a field, and one at least. */
bool claim_readable(const struct identity_field *claimed, struct arena *arena,
                    struct verdict *verdict);

/* Whether a field is free of control characters and of what reverses the direction of writing, also
 * in its encoded words. */
bool claim_plainly_written(const struct identity_field *claimed, struct arena *arena,
                           struct verdict *verdict);

/* Whether Sendmail, which writes fields anew, will find the same addresses in it as everybody else:
 * ours, and those that relay or receive. */
bool claim_outlasts_rewriting(const struct identity_field *claimed, struct arena *arena,
                              struct verdict *verdict);

/* Whether the header was small enough for all that it claims to be seen. */
bool claim_all_seen(const struct facts *facts, struct arena *arena, struct verdict *verdict);

/* Whether a field's name is this one, or becomes it in a reader that passes over blanks, control
 * characters, specials or bytes above 127. Asks, and gives no verdict. */
bool claim_reads_as(struct bytes written, struct bytes name);

/* Whether it holds a byte that claim_reads_as passes over: only such a name reads as another. */
bool claim_has_specials(struct bytes written);

/* What such a reader takes a name for. No bytes where memory is out (the arena remembers). */
struct bytes claim_without_specials(struct arena *arena, struct bytes written);

/* Whether no field has a name that only becomes this one. */
bool claim_undisguised(const struct facts *facts, struct bytes name, struct arena *arena,
                       struct verdict *verdict);

#endif
