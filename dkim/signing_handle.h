/* A libopendkim handle that signs one message with one key. */
#ifndef DKIM_SIGNING_HANDLE_H
#define DKIM_SIGNING_HANDLE_H

#include "dkim/memory.h"
#include "dkim/signing_profile.h"

/* plain: with the key's PEM text, which then stands in the memory; else with lend_marker(), and
 * dkim_eom finds the key on loan. NULL: ret_status says why, and is not DKIM_STAT_OK. */
DKIM *signing_handle_open(const struct signing_profile *profile, const struct key *key, bool plain,
                          struct memory *memory, DKIM_STAT *ret_status);

#endif
