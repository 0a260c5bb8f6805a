/* Which logins claimed which addresses that the tables did not grant them, and what else they and
 * the addresses' owners sent: what a table of senders can be proposed from.
 *
 * Claims are MAIL FROM, From, Sender, Resent-From and Resent-Sender of messages that were accepted
 * or refused, or would have been; addresses in display names are none. Nor are those
 * of messages that are not well formed, or that name several authors: what they claim is no habit.
 */
#ifndef HISTORY_UNOWNED_H
#define HISTORY_UNOWNED_H

#include "history/filter.h"
#include "history/history.h"
#include "policy/bytes.h"

/* Messages of one login from one network on one day; the texts are good within the callback. */
struct unowned_use {
    struct bytes login;   /* as recorded */
    struct bytes address; /* as recorded; of unowned_activity: no bytes */
    struct bytes network; /* no bytes: no client, or none that is an address */
    int64_t day;          /* since 1970, see day_offset */
    int64_t first, last;  /* milliseconds since 1970 */
    int64_t messages;
    int64_t claiming;   /* of them: that claimed what the login does not own */
    int64_t recipients; /* that were accepted */
};

/* The callbacks return false to end the question, which is no error. day_offset: milliseconds by
 * which the admin's clock is ahead of UTC, so that days are days there. */
typedef bool unowned_use_callback(const struct unowned_use *use, void *context);

/* What was claimed and denied. */
MUST_CHECK bool unowned_claims(struct history *history, const struct history_filter *filter,
                               int64_t day_offset, unowned_use_callback *row, void *context,
                               struct error *error);

/* All mail of all logins. */
MUST_CHECK bool unowned_activity(struct history *history, const struct history_filter *filter,
                                 int64_t day_offset, unowned_use_callback *row, void *context,
                                 struct error *error);

/* How often a rule said that a login does not own an address. */
struct unowned_verdict {
    struct bytes login, address, rule;
    int64_t refused; /* enforced */
    int64_t would;   /* observed */
};
MUST_CHECK bool unowned_verdicts(struct history *history, const struct history_filter *filter,
                                 bool (*row)(const struct unowned_verdict *verdict, void *context),
                                 void *context, struct error *error);

/* Who was granted the addresses that others claimed and were denied: messages of that login as that
 * address. */
struct unowned_holder {
    struct bytes login, address;
    int64_t messages;
};
MUST_CHECK bool unowned_holders(struct history *history, const struct history_filter *filter,
                                bool (*row)(const struct unowned_holder *holder, void *context),
                                void *context, struct error *error);

#endif
