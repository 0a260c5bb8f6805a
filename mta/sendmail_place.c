/* Whether two ways to write a socket name the same one: a filter's S= and submilter.conf's. */
#include <string.h>

#include "mta/sendmail_cf.h"

struct place {
    struct bytes scheme; /* "local", "inet" or "inet6" */
    struct bytes port;   /* or the path */
    struct bytes host;
};

static struct place place_of(const char *text)
{
    struct bytes all = bytes_of(text);
    size_t colon = bytes_find(all, ':');
    struct place place = {.scheme = BYTES("local"), .port = all};
    if (colon < all.len) {
        place.scheme = bytes_slice(all, 0, colon);
        place.port = bytes_slice(all, colon + 1, all.len);
    }
    if (bytes_equal_nocase(place.scheme, BYTES("unix")))
        place.scheme = BYTES("local");
    if (!bytes_equal_nocase(place.scheme, BYTES("local"))) {
        size_t at = bytes_find(place.port, '@');
        place.host = bytes_slice(place.port, at + 1, place.port.len);
        place.port = bytes_slice(place.port, 0, at);
    }
    return place;
}

/* "[127.0.0.1]" and "127.0.0.1" are one; nothing means every address of this host. */
static struct bytes bare(struct bytes host)
{
    if (host.len > 1 && host.data[0] == '[')
        return bytes_slice(host, 1, host.len - 1);
    return host;
}

static bool is_here(struct bytes host)
{
    return host.len == 0 || bytes_equal_nocase(host, BYTES("localhost")) ||
           bytes_equal(host, BYTES("127.0.0.1")) || bytes_equal(host, BYTES("::1"));
}

bool sendmail_cf_same_place(const char *endpoint, const char *socket)
{
    struct place a = place_of(endpoint);
    struct place b = place_of(socket);
    if (!bytes_equal_nocase(a.scheme, b.scheme) || !bytes_equal(a.port, b.port))
        return false;
    a.host = bare(a.host);
    b.host = bare(b.host);
    return bytes_equal_nocase(a.host, b.host) || (is_here(a.host) && is_here(b.host));
}
