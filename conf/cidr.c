/* IPv4 and IPv6 networks in one form, so that there is one comparison. */
#include "conf/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_BITS 96 /* of ::ffff:0:0/96 */

bool cidr_read_address(struct bytes text, struct in6_addr *ret_address)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy || bytes_find(text, '\0') < text.len)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        *ret_address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(ret_address->s6_addr + 12, &v4, sizeof v4);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_address) == 1;
}

static unsigned char mask_of(unsigned bits, unsigned byte)
{
    if (bits >= 8 * (byte + 1))
        return 0xff;
    return bits <= 8 * byte ? 0 : (unsigned char)(0xff << (8 - (bits - 8 * byte)));
}

bool cidr_holds(const struct cidr *network, const struct in6_addr *address)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned char mask = mask_of(network->bits, i);
        if ((network->address.s6_addr[i] & mask) != (address->s6_addr[i] & mask))
            return false;
    }
    return true;
}

static bool read_bits(struct bytes text, unsigned most, unsigned *ret_bits)
{
    unsigned bits = 0;
    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(text.data[i] - '0');
    }
    *ret_bits = bits;
    return bits <= most;
}

bool cidr_read(const char *text, struct cidr *ret_network, struct error *error)
{
    struct bytes all = bytes_of(text);
    size_t slash = bytes_find(all, '/');
    struct bytes host = bytes_slice(all, 0, slash);
    bool v4 = bytes_find(host, ':') == host.len;
    unsigned bits = v4 ? 32 : 128;
    struct cidr network = {0};
    if (!cidr_read_address(host, &network.address) ||
        (slash < all.len && !read_bits(bytes_slice(all, slash + 1, all.len), bits, &bits)))
        return error_set(error, "expected a network like \"192.0.2.0/24\" or \"2001:db8::/32\"");
    network.bits = v4 ? bits + V4_BITS : bits;
    for (unsigned i = 0; i < 16; i++)
        if (network.address.s6_addr[i] & ~mask_of(network.bits, i))
            return error_set(error, "expected a network whose bits behind /%u are zero", bits);
    *ret_network = network;
    return true;
}

bool cidr_is_loopback(const struct cidr *network)
{
    static const struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
    static const unsigned char v4[13] = {[10] = 0xff, 0xff, 127};
    return (network->bits == 128 && memcmp(&network->address, &v6, sizeof v6) == 0) ||
           (network->bits >= 8 * sizeof v4 && memcmp(&network->address, v4, sizeof v4) == 0);
}
