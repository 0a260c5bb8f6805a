/* "unix:/path" and "inet:PORT@ADDRESS" as sockets. */
#ifndef LIMITS_REDIS_ADDRESS_H
#define LIMITS_REDIS_ADDRESS_H

#include "policy/error.h"

/* A socket that does not block, or -1. *ret_waits: it is still being connected. No names are looked
 * up: that would wait without a bound. */
int redis_address_connect(const char *address, bool *ret_waits, struct error *error);

#endif
