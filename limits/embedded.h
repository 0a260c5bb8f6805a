/* The embedded store: counters in this process's memory, and a copy of them in a file (LMDB) that a
 * thread of its own writes about once a second. limits/limits.h has what requests mean; here they
 * are done at once, in the caller's thread, without waiting for the disk to write.
 *
 * With a fleet it is the shadow of the fleet's store:
 *
 *     the fleet answered          embedded_follow(embedded, request)
 *     the fleet is gone           embedded_do(embedded, request, hosts)
 *     the fleet is back           embedded_take_unseen(embedded, visit, context)
 *
 * A subject has its own counts (what this host counted) and `others`: what the rest of the fleet
 * had counted when it was last heard of, each of them good until its window is over. */
#ifndef LIMITS_EMBEDDED_H
#define LIMITS_EMBEDDED_H

#include "limits/known_set.h"
#include "limits/limits.h"
#include "limits/tally.h"

struct embedded;

/* Takes what it needs of the options; redis and fleet are not looked at. */
MUST_CHECK bool embedded_open(const struct limits_options *options, struct embedded **ret_embedded,
                              struct error *error);

/* As limits_stop; requests are done in memory alone from then on. */
MUST_CHECK bool embedded_stop(struct embedded *embedded, int64_t by);

/* Writes what waits. NULL is taken. */
void embedded_close(struct embedded *embedded);

/* Does a request and fills all of its answer. hosts 0: this store alone is the authority; degraded
 * is false then and `others` do not count.
 *
 * hosts >= 1: the fleet's store is gone and that many hosts share its limits. used = own + others;
 * a CHARGE is admitted where used + amount is within all bounds, and is then counted hosts times,
 * so that all hosts together stay near the limit. Counts in the answer are `used`. answer.degraded
 * is set. What was counted (once, by its time) is kept for embedded_take_unseen; so is a REFUSED.
 */
void embedded_do(struct embedded *embedded, struct limits_request *request, int64_t hosts);

/* The fleet's store answered this request: answer.answered is set, answer.subjects hold the fleet's
 * counts before it. Nothing of the answer's counts is changed. For all names: others becomes
 * max(0, fleet's - own) in every window. Then counts what the fleet counted: a CHARGE that was
 * admitted (recipients, network, client, hour are remembered as well), a REFUSED (whose answer
 * holds no counts: others stay).
 *
 * Fills in what a fleet does not keep where the answer lacks it: answer.habit where its since is 0,
 * and the earlier of both for rcpt_since. The stronger of both standings holds. */
void embedded_follow(struct embedded *embedded, struct limits_request *request);

/* What was counted while the fleet was gone, subject by subject, and then taken out: the fleet's
 * store adds the buckets to its own (same windows, steps and slots; weight 1). name and unseen live
 * during the call, which must not call the store. visit says false to stop: that subject and those
 * after it stay. True: nothing is left. Bounded: what leaves its window is forgotten by itself. */
bool embedded_take_unseen(struct embedded *embedded, int64_t now,
                          bool (*visit)(enum subject_kind kind, struct bytes name,
                                        const struct tally *unseen, void *context),
                          void *context);

/* The name by which a subject is kept: a login in lower case, a name that is too long as "~" and
 * its keyed hash (hexadecimal). Writes at most LIMITS_NAME_MAX bytes; no NUL behind them. A fleet's
 * keys are to be made of it. */
struct bytes embedded_name(const struct embedded *embedded, enum subject_kind kind,
                           struct bytes name, char buffer[LIMITS_NAME_MAX]);

/* How a correspondent is kept: half of it is the login's, so that they can be forgotten together.
 * No address can be had back from it without the secret. login as embedded_name has it. */
void embedded_correspondent(const struct embedded *embedded, struct bytes login, struct bytes rcpt,
                            uint8_t ret_key[CORRESPONDENT_KEY]);

/* As limits_raise and limits_claim. */
void embedded_raise(struct embedded *embedded, struct bytes login,
                    const struct login_standing *standing);
bool embedded_claim(struct embedded *embedded, const char *key, int64_t seconds, int64_t now);

/* ---- For submilterctl, as limits.h has them. They work with a running store as well, as far as it
 * has a file. ---- */

MUST_CHECK bool embedded_open_admin(const struct limits_options *options,
                                    struct embedded **ret_embedded, struct error *error);
/* for_fleet: the daemon is to tell the fleet as well (embedded_words.h). */
MUST_CHECK bool embedded_set_standing(struct embedded *embedded, struct bytes login,
                                      const struct login_standing *standing, bool for_fleet,
                                      struct error *error);
MUST_CHECK bool embedded_reset(struct embedded *embedded, enum subject_kind kind, struct bytes name,
                               bool habit_too, struct error *error);
MUST_CHECK bool embedded_show(struct embedded *embedded, struct limits_request *look,
                              bool *ret_found, struct error *error);
MUST_CHECK bool embedded_top(struct embedded *embedded, enum subject_kind kind,
                             enum quantity quantity, enum window window, int64_t now, size_t most,
                             bool (*visit)(const struct counted_subject *subject, void *context),
                             void *context, struct error *error);
MUST_CHECK bool embedded_contained(struct embedded *embedded, int64_t now,
                                   bool (*visit)(struct bytes login,
                                                 const struct login_standing *standing,
                                                 void *context),
                                   void *context, struct error *error);
MUST_CHECK bool embedded_count_correspondents(struct embedded *embedded, struct bytes login,
                                              int64_t now, int64_t *ret_remembered,
                                              int64_t *ret_known, struct error *error);
MUST_CHECK bool embedded_learn(struct embedded *embedded, struct bytes login, struct bytes rcpt,
                               int64_t first, int64_t last, struct error *error);
/* What embedded_learn left waiting reaches the file. */
MUST_CHECK bool embedded_settle(struct embedded *embedded, struct error *error);

#endif
