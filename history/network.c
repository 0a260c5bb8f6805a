/* Clients' addresses and networks as 128 bits. */
#include "history/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define V4_BITS 96 /* of ::ffff:0:0/96 */
#define V4_AROUND 24
#define V6_AROUND 64

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct network *network)
{
    return network->bits >= V4_BITS && memcmp(network->address, v4_prefix, sizeof v4_prefix) == 0;
}

bool network_read_address(struct bytes text, struct network *ret_network)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy || bytes_find(text, '\0') < text.len)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    ret_network->bits = 128;
    memcpy(ret_network->address, v4_prefix, sizeof v4_prefix);
    return inet_pton(AF_INET, copy, ret_network->address + sizeof v4_prefix) == 1 ||
           inet_pton(AF_INET6, copy, ret_network->address) == 1;
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

static void mask(struct network *network)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned there = network->bits > 8 * i ? network->bits - 8 * i : 0;
        if (there < 8)
            network->address[i] &= (unsigned char)(0xff00U >> there);
    }
}

bool network_read(const char *text, struct network *ret_network, struct error *error)
{
    struct bytes all = bytes_of(text);
    size_t slash = bytes_find(all, '/');
    struct bytes host = bytes_slice(all, 0, slash);
    unsigned before = bytes_find(host, ':') == host.len ? V4_BITS : 0;
    unsigned bits;
    if (!network_read_address(host, ret_network))
        return error_set(error,
                         "\"%s\" is no address and no network: write one as 192.0.2.7, "
                         "192.0.2.0/24 or 2001:db8::/32",
                         text);
    if (slash == all.len)
        return true;
    if (!read_bits(bytes_slice(all, slash + 1, all.len), 128 - before, &bits))
        return error_set(error, "\"%s\": behind the slash stands a number from 0 to %u", text,
                         128 - before);
    ret_network->bits = before + bits;
    mask(ret_network);
    return true;
}

bool network_holds(const struct network *network, const struct network *address)
{
    struct network cut = *address;
    cut.bits = network->bits;
    mask(&cut);
    return memcmp(cut.address, network->address, sizeof cut.address) == 0;
}

void network_text(const struct network *network, char ret_text[NETWORK_TEXT_MAX])
{
    char text[INET6_ADDRSTRLEN];
    unsigned before = is_v4(network) ? V4_BITS : 0;
    if (before)
        inet_ntop(AF_INET, network->address + sizeof v4_prefix, text, sizeof text);
    else
        inet_ntop(AF_INET6, network->address, text, sizeof text);
    if (network->bits == 128)
        snprintf(ret_text, NETWORK_TEXT_MAX, "%s", text);
    else
        snprintf(ret_text, NETWORK_TEXT_MAX, "%s/%u", text, network->bits - before);
}

void network_around(const struct network *address, char ret_text[NETWORK_TEXT_MAX])
{
    struct network around = *address;
    around.bits = is_v4(address) ? V4_BITS + V4_AROUND : V6_AROUND;
    mask(&around);
    network_text(&around, ret_text);
}
