/* What idle_milter and bare_milter share: a socket without the 40 ms stall, and a negotiation that
 * asks for no reply that nobody needs. As much as libmilter allows. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <libmilter/mfapi.h>
#include <stdbool.h>

/* address: unix:/PATH or inet:PORT@ADDRESS. Says on stderr what went wrong. */
bool peer_listen(const char *address);

/* For xxfi_negotiate: everything is seen, and an answer given to MAIL and the end alone. */
sfsistat peer_negotiate(SMFICTX *context, unsigned long actions, unsigned long protocol,
                        unsigned long unused2, unsigned long unused3, unsigned long *ret_actions,
                        unsigned long *ret_protocol, unsigned long *ret2, unsigned long *ret3);

/* Serves until TERM; the exit code. */
int peer_serve(const struct smfiDesc *callbacks);

#endif
