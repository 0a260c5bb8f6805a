/* What limits/ needs to know, from the configuration; for the daemon and for submilterctl. */
#ifndef GATE_COUNTERS_H
#define GATE_COUNTERS_H

#include "conf/settings.h"
#include "limits/limits.h"
#include "policy/address.h"
#include "policy/arena.h"

/* Reads the secret, where one is kept; counters that are in memory alone get one of their own. Call
 * it as the daemon's user. ret_options borrows the settings' texts; say is left NULL. */
MUST_CHECK bool counters_options(const struct settings *settings,
                                 struct limits_options *ret_options, struct error *error);

/* At the daemon's start, before counters_options: the folder and the secret, where they are not
 * there yet, both for the daemon's user alone. Another process may do the same at the same time. */
MUST_CHECK bool counters_prepare(const struct settings *settings, struct error *error);

/* Whether a start could use what is there already; makes nothing. As the daemon's user. */
MUST_CHECK bool counters_check(const struct settings *settings, struct error *error);

/* Whether what is read from both at a start is the same. */
bool counters_same(const struct settings *a, const struct settings *b);

/* The name of a client's network, "192.0.2.0/24", written to text; no bytes where the client's
 * address is none. */
#define COUNTERS_NETWORK_SIZE 52
struct bytes counters_network(const struct settings *settings, struct bytes client,
                              char text[COUNTERS_NETWORK_SIZE]);

/* As whom a recipient is remembered: a RCPT TO path's address, with its domain normalised; what
 * cannot be read as one stays as it is. In the arena, or path's own bytes. */
struct bytes counters_rcpt(struct arena *arena, struct bytes path);

#endif
