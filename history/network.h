/* Clients' addresses and networks, IPv4 and IPv6 in one form. */
#ifndef HISTORY_NETWORK_H
#define HISTORY_NETWORK_H

#include "policy/bytes.h"
#include "policy/error.h"

#define NETWORK_TEXT_MAX 56 /* "xxxx:...:xxxx/128" with its NUL */

struct network {
    unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;             /* of the 128 */
};

/* "192.0.2.7" or "2001:db8::7", an IPv4 address in IPv6 (::ffff:a.b.c.d) being the IPv4 one. */
bool network_read_address(struct bytes text, struct network *ret_network);

/* An address, or a network as "192.0.2.0/24"; bits behind the mask are ignored. */
MUST_CHECK bool network_read(const char *text, struct network *ret_network, struct error *error);

bool network_holds(const struct network *network, const struct network *address);

/* What an address is counted under: its /24, or its /64 for IPv6, as text. */
void network_around(const struct network *address, char ret_text[NETWORK_TEXT_MAX]);

/* The network as text; without "/32" or "/128". */
void network_text(const struct network *network, char ret_text[NETWORK_TEXT_MAX]);

#endif
