/* Reading units by systemctl, which knows where they lie and what is masked. */
#include "ctl/systemd.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mta/program.h"

#define SECONDS 30
#define BLANKS " \t"

bool systemd_runs(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

bool systemd_read(struct arena *arena, const char *name, struct systemd_unit *ret_unit)
{
    const char *const argv[] = {"systemctl", "cat", name, NULL};
    struct program_output output;
    struct error error;
    *ret_unit = (struct systemd_unit){.name = name, .text = ""};
    const char *masked = arena_printf(arena, "# Unit %s is masked", name);
    if (!systemd_runs() || !program_must_run(arena, argv, SECONDS, &output, &error))
        return !arena_failed(arena);
    ret_unit->masked = masked && bytes_start_with_nocase(output.out, bytes_of(masked));
    ret_unit->exists = !ret_unit->masked && output.out.len > 0;
    if (ret_unit->exists)
        ret_unit->text = arena_text(arena, output.out);
    return masked && ret_unit->text;
}

struct systemd_state systemd_state_of(struct arena *arena, const char *name)
{
    static const char *const running[] = {"active", "reloading", "activating"};
    const char *const active[] = {"systemctl", "is-active", name, NULL};
    const char *const enabled[] = {"systemctl", "is-enabled", name, NULL};
    struct systemd_state state = {0};
    struct program_output output;
    struct error error;
    if (!systemd_runs())
        return state;
    if (program_run(arena, active, SECONDS, &output, &error))
        for (size_t i = 0; i < sizeof running / sizeof *running; i++)
            state.active =
                state.active || bytes_equal(bytes_trim(output.out), bytes_of(running[i]));
    state.enabled = program_must_run(arena, enabled, SECONDS, &output, &error);
    return state;
}

/* Whether the line is "Name = value". */
static bool is_value(struct bytes line, const char *name, struct bytes *ret_value)
{
    size_t len = strlen(name);
    if (line.len < len || memcmp(line.data, name, len) != 0)
        return false;
    line = bytes_trim(bytes_slice(line, len, line.len));
    if (!line.len || line.data[0] != '=')
        return false;
    *ret_value = bytes_trim(bytes_slice(line, 1, line.len));
    return true;
}

bool systemd_values(struct arena *arena, const struct systemd_unit *unit, const char *name,
                    struct texts *ret_values)
{
    size_t lines = 1;
    for (const char *at = unit->text; (at = strchr(at, '\n')); at++)
        lines++;
    const char **items = arena_alloc(arena, lines * sizeof *items);
    *ret_values = (struct texts){items, 0};
    if (!items)
        return false;
    for (struct bytes rest = bytes_of(unit->text); rest.len;) {
        size_t end = bytes_find(rest, '\n');
        struct bytes value;
        bool found = is_value(bytes_slice(rest, 0, end), name, &value);
        rest = bytes_slice(rest, end + 1, rest.len);
        if (found && !value.len)
            ret_values->count = 0;
        else if (found && !(items[ret_values->count++] = arena_text(arena, value)))
            return false;
    }
    return true;
}

const char *systemd_value(struct arena *arena, const struct systemd_unit *unit, const char *name)
{
    struct texts values;
    return systemd_values(arena, unit, name, &values) && values.count
               ? values.items[values.count - 1]
               : NULL;
}

bool systemd_words(struct arena *arena, const struct systemd_unit *unit, const char *name,
                   struct texts *ret_words)
{
    struct texts values;
    size_t room = 0;
    *ret_words = (struct texts){NULL, 0};
    if (!systemd_values(arena, unit, name, &values))
        return false;
    for (size_t i = 0; i < values.count; i++)
        room += strlen(values.items[i]) / 2 + 1;
    const char **items = arena_alloc(arena, (room + 1) * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < values.count; i++)
        for (const char *at = values.items[i] + strspn(values.items[i], BLANKS); *at;
             at += strspn(at, BLANKS)) {
            size_t len = strcspn(at, BLANKS);
            if (!(items[ret_words->count++] = arena_text(arena, (struct bytes){at, len})))
                return false;
            at += len;
        }
    ret_words->items = items;
    return true;
}

/* `systemctl cat` puts "# /PATH" before each file. */
static const char *path_of(struct arena *arena, struct bytes line)
{
    bool head = line.len > 3 && memcmp(line.data, "# /", 3) == 0;
    return head ? arena_text(arena, bytes_slice(line, 2, line.len)) : NULL;
}

static bool is_read_after(const char *path, const char *other)
{
    const char *name = strrchr(path, '/');
    const char *behind = strrchr(other, '/');
    bool drop_in = strstr(path, ".d/") != NULL;
    return drop_in && name && behind && strcmp(name, behind) > 0;
}

const char *systemd_text_with(struct arena *arena, const struct systemd_unit *unit,
                              const char *path, const char *content)
{
    const char *text = "";
    bool skipping = false;
    bool put = false;
    for (struct bytes rest = bytes_of(unit->text); rest.len && text;) {
        size_t end = bytes_find(rest, '\n');
        struct bytes line = bytes_slice(rest, 0, end);
        const char *file = path_of(arena, line);
        rest = bytes_slice(rest, end + 1, rest.len);
        if (file)
            skipping = strcmp(file, path) == 0;
        if (file && !put && is_read_after(file, path)) {
            put = true;
            text = arena_printf(arena, "%s%s\n", text, content);
        }
        if (!skipping && text)
            text = arena_printf(arena, "%s%.*s\n", text, (int)line.len, line.data);
    }
    return put || !text ? text : arena_printf(arena, "%s%s\n", text, content);
}

bool systemd_runs_config(struct arena *arena, const struct systemd_unit *service,
                         const char *config)
{
    const char *command = systemd_value(arena, service, "ExecStart");
    const char *option = command ? strstr(command, " -c ") : NULL;
    if (!command)
        return false;
    if (!option)
        return strcmp(config, SYSCONFDIR "/submilter.conf") == 0;
    option += 4 + strspn(option + 4, BLANKS);
    size_t len = strcspn(option, BLANKS);
    return len == strlen(config) && memcmp(option, config, len) == 0;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    while (len && folder[len - 1] == '/')
        len--;
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]);
}

bool systemd_may_write(struct arena *arena, const struct systemd_unit *service, const char *folder)
{
    static const struct {
        const char *name;
        const char *above;
    } lists[] = {{"ReadWritePaths", ""},
                 {"RuntimeDirectory", "/run/"},
                 {"StateDirectory", "/var/lib/"},
                 {"LogsDirectory", "/var/log/"}};
    const char *protects = systemd_value(arena, service, "ProtectSystem");
    if (!protects || strcmp(protects, "strict") != 0)
        return true;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct texts words;
        if (!systemd_words(arena, service, lists[i].name, &words))
            return false;
        for (size_t j = 0; j < words.count; j++) {
            const char *word = words.items[j] + strspn(words.items[j], "-+");
            const char *path = arena_printf(arena, "%s%s", lists[i].above, word);
            if (path && is_below(folder, path))
                return true;
        }
    }
    return false;
}

/* systemd takes addresses, and no names. */
static const char *listen_inet(struct arena *arena, const char *where, int family)
{
    char port[16];
    char host[INET6_ADDRSTRLEN];
    const char *at = strchr(where, '@');
    const char *name = at ? at + 1 : family == AF_INET ? "127.0.0.1" : "::1";
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%.*s", (int)(at ? (size_t)(at - where) : strlen(where)), where);
    if (getaddrinfo(name, port, &hints, &found) != 0)
        return NULL;
    int failed =
        getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
    if (failed)
        return NULL;
    return arena_printf(arena, family == AF_INET ? "%s:%s" : "[%s]:%s", host, port);
}

const char *systemd_listen_of(struct arena *arena, const char *socket)
{
    const char *colon = strchr(socket, ':');
    if (!colon || strncmp(socket, "fd:", 3) == 0)
        return colon ? NULL : socket;
    if (strncmp(socket, "inet6:", 6) == 0)
        return listen_inet(arena, colon + 1, AF_INET6);
    if (strncmp(socket, "inet:", 5) == 0)
        return listen_inet(arena, colon + 1, AF_INET);
    return colon + 1;
}

const char *systemd_address_of(struct arena *arena, const char *listen)
{
    bool six = *listen == '[';
    const char *end = six ? strchr(listen, ']') : strrchr(listen, ':');
    return end ? arena_text(arena, (struct bytes){listen + six, (size_t)(end - listen - six)})
               : NULL;
}

bool systemd_listen_is_local(const char *listen)
{
    return *listen == '/' || strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0;
}
