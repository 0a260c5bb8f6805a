/* The fleet's store: counters in Redis, asked by a thread of its own; while Redis is gone this
 * host's own store (limits/embedded.h) answers with this host's share.
 *
 * The circuit: closed while every answer comes within LIMITS_PATIENCE_MS of its question. The first
 * that does not, or any error, breaks it: those who wait are answered by the own store at once, and
 * nobody waits any more, until a probe was answered in time and what was counted alone is added. */
#ifndef LIMITS_FLEET_H
#define LIMITS_FLEET_H

#include "limits/embedded.h"

struct fleet;

/* own: borrowed, lives longer. Waits about a second at most for Redis; that Redis is not there is
 * said and no failure. Fails for an address that is none. */
MUST_CHECK bool fleet_open(const struct limits_options *options, struct embedded *own,
                           struct fleet **ret_fleet, struct error *error);
/* As limits_stop; the own store alone answers from then on. */
MUST_CHECK bool fleet_stop(struct fleet *fleet, int64_t by);
void fleet_close(struct fleet *fleet); /* NULL is taken */

/* As limits.h has them. */
void fleet_submit(struct fleet *fleet, struct limits_request *request);
void fleet_collect(struct fleet *fleet, struct limits_request *request);
bool fleet_is_ready(struct fleet *fleet, const struct limits_request *request);
void fleet_raise(struct fleet *fleet, struct bytes login, const struct login_standing *standing);
bool fleet_claim(struct fleet *fleet, const char *key, int64_t seconds, int64_t now);

#endif
