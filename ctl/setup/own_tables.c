/* Whether the daemon will be able to read its tables: root, who runs this, reads everything. */
#include <pwd.h>
#include <unistd.h>

#include "ctl/probe.h"
#include "ctl/setup/own.h"

struct readers {
    struct texts tables;
    const char *user;
};

static bool check(void *context, struct plan *plan, struct error *error)
{
    const struct readers *readers = context;
    const struct probe_as as = {.user = readers->user};
    (void)plan;
    for (size_t i = 0; i < readers->tables.count; i++) {
        struct probe_report report;
        probe_table(readers->tables.items[i], &as, &report);
        if (report.result != PROBE_GOOD)
            return error_set(error,
                             "senders.tables: the user %s, who the daemon is, cannot read %s: %s",
                             readers->user, readers->tables.items[i], report.detail);
    }
    return true;
}

bool own_check_tables(const struct texts *tables, const char *user, struct plan *plan,
                      struct error *error)
{
    struct arena *arena = plan->arena;
    struct readers *readers = arena_alloc(arena, sizeof *readers);
    const char **items = arena_alloc(arena, (tables->count + 1) * sizeof *items);
    const char *kept = arena_text(arena, bytes_of(user));
    for (size_t i = 0; items && i < tables->count; i++)
        items[i] = arena_text(arena, bytes_of(tables->items[i]));
    if (!readers || !items || !kept || arena_failed(arena))
        return error_set(error, "memory is out");
    *readers = (struct readers){{items, tables->count}, kept};
    if (tables->count == 0 || geteuid() != 0)
        return true;
    if (getpwnam(user))
        return check(readers, plan, error);
    plan_act(plan, "the daemon's user can read the tables of senders", check, readers);
    return true;
}
