/* Drop-ins for submilter.service and submilter.socket: what they have to say, and whether the units
 * say it without. */
#include "ctl/setup/units.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/etc/systemd/system/"
/* Before the name that `systemctl edit` gives its own, which so wins. */
#define DROP_IN ".d/50-setup.conf"
#define SOCKET_DROP_IN FOLDER SYSTEMD_SOCKET DROP_IN
#define SERVICE_DROP_IN FOLDER SYSTEMD_SERVICE DROP_IN

bool units_find(const struct setup_options *options, struct arena *arena, struct units *ret_units)
{
    if (!systemd_read(arena, SYSTEMD_SERVICE, &ret_units->service) ||
        !systemd_read(arena, SYSTEMD_SOCKET, &ret_units->socket))
        return false;
    ret_units->managed = ret_units->service.exists &&
                         systemd_runs_config(arena, &ret_units->service, options->config);
    ret_units->service_is = ret_units->socket_is = (struct systemd_state){0};
    if (ret_units->managed)
        ret_units->service_is = systemd_state_of(arena, SYSTEMD_SERVICE);
    if (ret_units->managed && ret_units->socket.exists)
        ret_units->socket_is = systemd_state_of(arena, SYSTEMD_SOCKET);
    return true;
}

/* The user's own group; before the user is there, that will have its name. */
static const char *group_of(struct arena *arena, const char *user)
{
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
    return arena_text(arena, bytes_of(group ? group->gr_name : user));
}

static bool says(struct arena *arena, const struct systemd_unit *unit, const char *name,
                 const char *value)
{
    const char *said = systemd_value(arena, unit, name);
    return said && strcmp(said, value) == 0;
}

static bool listens_at(struct arena *arena, const struct systemd_unit *socket, const char *listen)
{
    struct texts values;
    return systemd_values(arena, socket, "ListenStream", &values) && values.count == 1 &&
           strcmp(values.items[0], listen) == 0;
}

static bool has_mode(struct arena *arena, const struct systemd_unit *socket, unsigned mode)
{
    const char *said = systemd_value(arena, socket, "SocketMode");
    return said && strtoul(said, NULL, 8) == mode;
}

static bool socket_fits(struct arena *arena, const struct systemd_unit *socket,
                        const struct units_wanted *wanted, const char *listen)
{
    const char *group = wanted->group ? wanted->group : group_of(arena, wanted->user);
    bool guarded = systemd_listen_is_local(listen) || systemd_value(arena, socket, "IPAddressDeny");
    return group && listens_at(arena, socket, listen) &&
           says(arena, socket, "SocketUser", wanted->user) &&
           says(arena, socket, "SocketGroup", group) && has_mode(arena, socket, wanted->mode) &&
           guarded;
}

static const char *socket_text(struct plan *plan, const struct units_wanted *wanted,
                               const char *listen)
{
    struct arena *arena = plan->arena;
    const char *group = wanted->group ? wanted->group : group_of(arena, wanted->user);
    const char *text =
        arena_printf(arena,
                     "# Made by submilterctl setup %s, to say what submilter.conf says.\n"
                     "[Socket]\n"
                     "ListenStream=\n"
                     "ListenStream=%s\n"
                     "SocketUser=%s\n"
                     "SocketGroup=%s\n"
                     "SocketMode=%04o\n",
                     plan->mta, listen, wanted->user, group ? group : "", wanted->mode);
    if (!text || systemd_listen_is_local(listen))
        return text;
    return arena_printf(arena,
                        "%s# An MTA on another host: its address belongs here.\n"
                        "IPAddressDeny=any\n"
                        "IPAddressAllow=localhost %s\n",
                        text, systemd_address_of(arena, listen));
}

struct needs { /* of the service; NULL: nothing */
    const char *user;
    const char *paths[4];
    const char *address;
};

static struct needs needs_of(struct arena *arena, const struct units *units,
                             const struct systemd_unit *service, const struct units_wanted *wanted,
                             const char *listen)
{
    struct needs needs = {0};
    const char *records = wanted->records ? place_folder_of(arena, wanted->records) : NULL;
    const char *history = wanted->history ? place_folder_of(arena, wanted->history) : NULL;
    const char *counters = wanted->counters ? place_folder_of(arena, wanted->counters) : NULL;
    bool own = !units->socket.exists && listen; /* the daemon opens it itself */
    const char *folder = own && *listen == '/' ? place_folder_of(arena, listen) : NULL;
    if (!says(arena, service, "User", wanted->user))
        needs.user = wanted->user;
    if (records && !systemd_may_write(arena, service, records))
        needs.paths[0] = records;
    if (folder && !systemd_may_write(arena, service, folder))
        needs.paths[1] = folder;
    if (history && !systemd_may_write(arena, service, history))
        needs.paths[2] = history;
    if (counters && !(history && strcmp(counters, history) == 0) &&
        !systemd_may_write(arena, service, wanted->counters))
        needs.paths[3] = counters;
    if (own && !systemd_listen_is_local(listen)) {
        const char *address = systemd_address_of(arena, listen);
        struct texts allowed;
        if (systemd_value(arena, service, "IPAddressDeny") && address &&
            systemd_words(arena, service, "IPAddressAllow", &allowed) &&
            !texts_have(&allowed, bytes_of(address)))
            needs.address = address;
    }
    return needs;
}

static bool needs_anything(const struct needs *needs)
{
    return needs->user || needs->paths[0] || needs->paths[1] || needs->paths[2] ||
           needs->paths[3] || needs->address;
}

static const char *service_text(struct plan *plan, const struct needs *needs)
{
    struct arena *arena = plan->arena;
    const char *text = arena_printf(
        arena, "# Made by submilterctl setup %s, for what submilter.conf says.\n[Service]\n",
        plan->mta);
    if (text && needs->user)
        text = arena_printf(arena, "%sUser=%s\nGroup=%s\n", text, needs->user,
                            group_of(arena, needs->user));
    for (size_t i = 0; i < sizeof needs->paths / sizeof *needs->paths; i++)
        if (text && needs->paths[i])
            text = arena_printf(arena, "%sReadWritePaths=-%s\n", text, needs->paths[i]);
    if (text && needs->address)
        text = arena_printf(arena, "%sIPAddressAllow=%s\n", text, needs->address);
    return text;
}

/* Blanks end a word of a unit's, and a percent sign begins a specifier. */
static bool check_plain(const char *text, struct error *error)
{
    return !text || !strpbrk(text, " \t\"'\\%\n") ||
           error_set(error,
                     "\"%s\" cannot be named in a unit of systemd: choose a name without "
                     "blanks, quotes, backslashes and percent signs",
                     text);
}

static bool say_conflict(const struct systemd_unit *unit, struct error *error)
{
    return error_set(error,
                     "%s is told something else than submilter.conf says by a drop-in of yours "
                     "(systemctl cat %s shows it): let both say the same, or take it away",
                     unit->name, unit->name);
}

static void add_drop_in(struct plan *plan, const char *path, const char *text)
{
    static const struct plan_access for_all = {.mode = 0755};
    static const struct plan_access readable = {.mode = 0644};
    const char *folder = place_folder_of(plan->arena, path);
    if (folder && text) {
        plan_folder(plan, folder, for_all);
        plan_file(plan, path, bytes_of(text), readable);
    }
}

static bool add_for_socket(const struct units *units, const struct units_wanted *wanted,
                           const char *listen, struct plan *plan, struct error *error)
{
    if (!listen || !units->socket.exists ||
        socket_fits(plan->arena, &units->socket, wanted, listen))
        return true;
    const char *text = socket_text(plan, wanted, listen);
    struct systemd_unit then = units->socket;
    if (text)
        then.text = systemd_text_with(plan->arena, &units->socket, SOCKET_DROP_IN, text);
    if (!text || !then.text)
        return error_set(error, "memory is out");
    if (!socket_fits(plan->arena, &then, wanted, listen))
        return say_conflict(&units->socket, error);
    add_drop_in(plan, SOCKET_DROP_IN, text);
    return true;
}

static bool add_for_service(const struct units *units, const struct units_wanted *wanted,
                            const char *listen, struct plan *plan, struct error *error)
{
    struct needs needs = needs_of(plan->arena, units, &units->service, wanted, listen);
    struct systemd_unit other = units->service;
    if (!needs_anything(&needs))
        return true;
    other.text = systemd_text_with(plan->arena, &units->service, SERVICE_DROP_IN, "");
    if (!other.text)
        return error_set(error, "memory is out");
    needs = needs_of(plan->arena, units, &other, wanted, listen);
    const char *text = service_text(plan, &needs);
    struct systemd_unit then = other;
    if (text)
        then.text = systemd_text_with(plan->arena, &other, SERVICE_DROP_IN, text);
    if (!text || !then.text)
        return error_set(error, "memory is out");
    needs = needs_of(plan->arena, units, &then, wanted, listen);
    if (needs_anything(&needs))
        return say_conflict(&units->service, error);
    add_drop_in(plan, SERVICE_DROP_IN, text);
    return true;
}

void units_add_read(struct plan *plan)
{
    static const char *const reload[] = {"systemctl", "daemon-reload", NULL};
    bool ours = false;
    for (const struct plan_row *row = plan->rows; row; row = row->next)
        ours = ours || (row->path && (strcmp(row->path, SOCKET_DROP_IN) == 0 ||
                                      strcmp(row->path, SERVICE_DROP_IN) == 0));
    struct plan_row *row =
        ours && systemd_runs() ? plan_command(plan, "systemd reads its units", reload) : NULL;
    if (row)
        row->again = true;
}

bool units_add(const struct units *units, const struct units_wanted *wanted, struct plan *plan,
               bool *ret_changed, struct error *error)
{
    const struct plan_row *before = plan->last_row;
    *ret_changed = false;
    if (!units->managed)
        return true;
    const char *listen = systemd_listen_of(plan->arena, wanted->socket);
    if (!listen && strncmp(wanted->socket, "fd:", 3) != 0)
        return error_set(error, "socket: %s names no address that systemd could listen at",
                         wanted->socket);
    if (!check_plain(listen, error) || !check_plain(wanted->records, error) ||
        !check_plain(wanted->history, error) || !check_plain(wanted->counters, error) ||
        !check_plain(wanted->user, error) || !check_plain(wanted->group, error) ||
        !add_for_socket(units, wanted, listen, plan, error) ||
        !add_for_service(units, wanted, listen, plan, error))
        return false;
    *ret_changed = plan->last_row != before;
    if (*ret_changed)
        units_add_read(plan);
    return true;
}
