/* A list of milters as smtpd_milters and non_smtpd_milters have it. */
#include "mta/milters.h"

#include <stdio.h>
#include <string.h>

#include "mta/endpoint.h"
#include "mta/words.h"

static bool parse_one(struct arena *arena, const char *word, struct milter *ret)
{
    struct texts parts;
    *ret = (struct milter){.written = word};
    const char *inside = words_inside(arena, word);
    if (!inside || !words_split(arena, inside, &parts))
        return false;
    ret->endpoint = parts.count ? parts.items[0] : "";
    for (size_t i = 1; i < parts.count; i++) {
        static const char key[] = "default_action";
        const char *part = words_inside(arena, parts.items[i]);
        if (!part)
            return false;
        if (strncmp(part, key, sizeof key - 1) != 0)
            continue;
        part += sizeof key - 1;
        part += strspn(part, " \t");
        if (*part == '=')
            ret->default_action = part + 1 + strspn(part + 1, " \t");
        else if (*part == '\0' && i + 2 < parts.count && strcmp(parts.items[i + 1], "=") == 0)
            ret->default_action = parts.items[i + 2]; /* { x, default_action = tempfail } */
    }
    return true;
}

bool milters_parse(struct arena *arena, const char *value, struct milters *ret_milters)
{
    struct texts words;
    *ret_milters = (struct milters){0};
    if (!words_split(arena, value, &words))
        return false;
    struct milter *items = arena_alloc(arena, (words.count + 1) * sizeof *items);
    if (!items)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < words.count; i++) {
        if (strcmp(words.items[i], "none") == 0)
            continue;
        if (!parse_one(arena, words.items[i], &items[count++]))
            return false;
    }
    *ret_milters = (struct milters){items, count};
    return true;
}

static bool same_path(const char *path, const char *queue_directory, bool chroot,
                      const char *socket_path)
{
    char whole[4096];
    if (path[0] != '/' || chroot) {
        const char *slash = path[0] == '/' ? "" : "/";
        snprintf(whole, sizeof whole, "%s%s%s", queue_directory, slash, path);
        path = whole;
    }
    return strcmp(path, socket_path) == 0;
}

static bool is_loopback(struct bytes host)
{
    return host.len == 0 || bytes_equal_nocase(host, BYTES("localhost")) ||
           bytes_equal(host, BYTES("127.0.0.1")) || bytes_equal(host, BYTES("[127.0.0.1]")) ||
           bytes_equal(host, BYTES("::1")) || bytes_equal(host, BYTES("[::1]"));
}

/* Postfix says inet:HOST:PORT, submilter.conf inet:PORT@HOST. */
static bool same_port(const char *endpoint, const char *socket)
{
    const char *colon = strrchr(endpoint, ':');
    const char *at = strchr(socket, '@');
    struct bytes port = {socket, at ? (size_t)(at - socket) : strlen(socket)};
    if (!colon || !bytes_equal(bytes_of(colon + 1), port))
        return false;
    struct bytes host = {endpoint, (size_t)(colon - endpoint)};
    struct bytes ours = bytes_of(at ? at + 1 : "");
    return bytes_equal_nocase(host, ours) || (is_loopback(host) && is_loopback(ours));
}

bool milters_same_place(const char *endpoint, const char *queue_directory, bool chroot,
                        const char *socket)
{
    if (strncmp(endpoint, "unix:", 5) == 0) {
        const char *path = endpoint_path(socket);
        return path && same_path(endpoint + 5, queue_directory, chroot, path);
    }
    if (strncmp(endpoint, "inet:", 5) != 0)
        return false;
    if (strncmp(socket, "inet:", 5) == 0)
        return same_port(endpoint + 5, socket + 5);
    return strncmp(socket, "inet6:", 6) == 0 && same_port(endpoint + 5, socket + 6);
}
