/* All that a decision stands on besides the message: settings, look-up tables, keys, how to sign.
 *
 * Built and checked as a whole, then swapped in as a whole: a message keeps the one that it began
 * with. */
#ifndef GATE_SNAPSHOT_H
#define GATE_SNAPSHOT_H

#include <sys/types.h>

#include "conf/settings.h"
#include "dkim/keystore.h"
#include "dkim/signer.h"
#include "tables/senders.h"

struct snapshot {
    struct settings *settings;
    struct senders *senders;
    struct keystore *keystore;
    struct signing_profile *profile;
};

/* previous (may be NULL): whose unchanged tables and keys are taken over. Keys are checked against
 * the configured user, or against the caller where none is configured or the caller is not root. */
MUST_CHECK bool snapshot_load(const char *path, const struct snapshot *previous,
                              struct snapshot **ret_snapshot, struct error *error);

/* The same of settings that are loaded already; the snapshot takes a reference of its own. */
MUST_CHECK bool snapshot_of(struct settings *settings, const struct snapshot *previous,
                            struct snapshot **ret_snapshot, struct error *error);

/* Safe from any thread; snapshot_unref takes a NULL. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* Whether nobody holds it but the caller. Others must not be able to come by it any more. */
bool snapshot_is_left(const struct snapshot *snapshot);

/* The user and group that the daemon runs as: the configured ones, or the caller's. */
MUST_CHECK bool snapshot_identity(const struct settings *settings, uid_t *ret_user,
                                  gid_t *ret_group, struct error *error);

#endif
