/* submilterctl limits show: one subject's counters beside the limits in force for it. */
#include "ctl/limits/shown.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/limits/command.h"
#include "ctl/when.h"
#include "policy/arena.h"

#define CEILING ((size_t)16 << 20)

const struct counted_subject *shown_counted(const struct shown *show, enum subject_kind subject)
{
    const struct limits_request *look =
        subject == show->whom.kind ? &show->look : &show->group_look;
    return &look->answer.subjects[subject];
}

static bool look(struct admin *admin, struct limits_request *request, enum subject_kind kind,
                 struct bytes name, int64_t now, bool *ret_found, struct error *error)
{
    *request = (struct limits_request){.op = LIMITS_LOOK, .who.now = now};
    request->who.names[kind] = name;
    return limits_show(admin->limits, request, ret_found, error);
}

static bool gather_login(struct shown *show, struct admin *admin, struct error *error)
{
    bool found;
    show->group = settings_group(admin->settings, show->whom.name);
    if (!limits_count_correspondents(admin->limits, show->whom.name, show->now, &show->remembered,
                                     &show->known, error))
        return false;
    show->found = show->found || show->remembered > 0;
    return !show->group || look(admin, &show->group_look, SUBJECT_GROUP, bytes_of(show->group),
                                show->now, &found, error);
}

static bool gather(struct shown *show, struct admin *admin, struct arena *arena,
                   struct error *error)
{
    const struct whom *whom = &show->whom;
    bool is_login = whom->kind == SUBJECT_LOGIN;
    show->now = when_now();
    return look(admin, &show->look, whom->kind, whom->name, show->now, &show->found, error) &&
           (!is_login || gather_login(show, admin, error)) &&
           held_collect(admin->settings, whom->kind, whom->name, arena, &show->limits,
                        &show->limit_count, error);
}

static int show(struct shown *show, const char *config, bool json, struct arena *arena,
                struct error *error)
{
    struct admin admin;
    int status = admin_configure(config, &admin, error);
    if (status)
        return command_complain(error, status);
    if (!whom_settle(&show->whom, admin.settings, arena, error))
        status = EX_USAGE;
    else
        status = admin_enter(&admin, error);
    if (!status && !gather(show, &admin, arena, error))
        status = EX_TEMPFAIL;
    if (!status)
        admin_warn_of_alone(&admin, false);
    show->alone = !status && limits_alone(admin.limits);
    if (!status && !(json ? shown_json(show, error) : shown_text(show, error)))
        status = EX_OSERR;
    admin_close(&admin);
    if (status)
        return command_complain(error, status);
    return show->found ? 0 : 1;
}

/* 0: it is known; 1: nothing was ever counted of it, and nothing learned; else sysexits. */
int limits_command_show(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        WHOM_LONG_OPTIONS, {"json", no_argument, NULL, 'j'}, {0}};
    struct shown shown = {0};
    struct error error;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int taken = whom_option(option, optarg, &shown.whom, &error);
        if (taken < 0)
            return command_complain(&error, EX_USAGE);
        if (!taken && option != 'j')
            return EX_USAGE;
        json = json || option == 'j';
    }
    if (!whom_rest(argv + optind, argc - optind, &shown.whom, &error))
        return command_complain(&error, EX_USAGE);
    struct arena *arena = arena_new(CEILING);
    if (!arena) {
        error_set(&error, "out of memory");
        return command_complain(&error, EX_OSERR);
    }
    int status = show(&shown, config, json, arena, &error);
    arena_free(arena);
    return status;
}
