/* Networks as listeners name them. */
#ifndef CONF_CIDR_H
#define CONF_CIDR_H

#include "conf/settings.h"

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits behind the mask must be zero. */
bool cidr_read(const char *text, struct cidr *ret_network, struct error *error);

/* The text form of an address, IPv4 as ::ffff:a.b.c.d; false when it is none. */
bool cidr_read_address(struct bytes text, struct in6_addr *ret_address);

/* Within 127.0.0.0/8, or ::1. */
bool cidr_is_loopback(const struct cidr *network);

bool cidr_holds(const struct cidr *network, const struct in6_addr *address);

#endif
