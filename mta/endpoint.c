/* submilter's socket in the MTAs' own words. */
#include "mta/endpoint.h"

#include <string.h>

const char *endpoint_path(const char *socket)
{
    if (strncmp(socket, "unix:", 5) == 0)
        return socket + 5;
    if (strncmp(socket, "local:", 6) == 0)
        return socket + 6;
    return strchr(socket, ':') ? NULL : socket;
}

bool endpoint_is_handed_over(const char *socket)
{
    return strncmp(socket, "fd:", 3) == 0;
}

const char *endpoint_for_postfix(struct arena *arena, const char *socket, const char *queue)
{
    const char *path = endpoint_path(socket);
    size_t len = strlen(queue);
    if (path) {
        bool below = len && strncmp(path, queue, len) == 0 && path[len] == '/';
        return arena_printf(arena, "unix:%s", below ? path + len + 1 : path);
    }
    if (strncmp(socket, "inet", 4) != 0)
        return NULL;
    const char *port = strchr(socket, ':') + 1;
    const char *at = strchr(port, '@');
    const char *six = strncmp(socket, "inet6:", 6) == 0 ? "::1" : "127.0.0.1";
    const char *host = at ? at + 1 : six;
    bool bare = strchr(host, ':') && host[0] != '[';
    return arena_printf(arena, "inet:%s%s%s:%.*s", bare ? "[" : "", host, bare ? "]" : "",
                        (int)(at ? (size_t)(at - port) : strlen(port)), port);
}

const char *endpoint_for_sendmail(struct arena *arena, const char *socket)
{
    const char *path = endpoint_path(socket);
    if (path)
        return arena_printf(arena, "unix:%s", path);
    return endpoint_is_handed_over(socket) ? NULL : socket;
}
