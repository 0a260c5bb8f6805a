/* submilterctl limits reset: counters begin anew. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/limits/command.h"
#include "ctl/limits/whom.h"
#include "ctl/output.h"
#include "ctl/when.h"
#include "policy/arena.h"

#define CEILING ((size_t)1 << 20)

/* What was known of it, which a mistyped name shows. */
struct before {
    bool counted;
    int64_t remembered; /* a login's correspondents */
};

static bool forget(struct admin *admin, const struct whom *whom, bool habit,
                   struct before *ret_before, struct error *error)
{
    int64_t known;
    struct limits_request look = {.op = LIMITS_LOOK, .who.now = when_now()};
    look.who.names[whom->kind] = whom->name;
    *ret_before = (struct before){0};
    return limits_show(admin->limits, &look, &ret_before->counted, error) &&
           (ret_before->counted || whom->kind != SUBJECT_LOGIN ||
            limits_count_correspondents(admin->limits, whom->name, look.who.now,
                                        &ret_before->remembered, &known, error)) &&
           limits_reset(admin->limits, whom->kind, whom->name, habit, error);
}

static void say(const struct whom *whom, bool habit, const struct before *before)
{
    static const char *const verbs[2][2] = {{"s are", " is"}, {"s were", " was"}};
    fputs("The counters of ", stdout);
    whom_print(whom);
    fputs(" begin anew", stdout);
    fputs(habit ? ", and what it was like is forgotten" : "", stdout);
    if (before->counted)
        puts(".");
    else if (before->remembered > 0)
        printf("; nothing had been counted, but %" PRId64 " correspondent%s remembered.\n",
               before->remembered, verbs[habit][before->remembered == 1]);
    else
        puts("; nothing had been counted: is the name right?");
}

static int reset(struct whom *whom, bool habit, const char *config, struct arena *arena,
                 struct error *error)
{
    struct admin admin;
    struct before before;
    int status = admin_configure(config, &admin, error);
    if (status)
        return command_complain(error, status);
    if (!whom_settle(whom, admin.settings, arena, error))
        status = EX_USAGE;
    else
        status = admin_enter(&admin, error);
    if (!status && !forget(&admin, whom, habit, &before, error))
        status = EX_TEMPFAIL;
    if (!status) {
        output_change_made();
        say(whom, habit, &before);
        admin_warn_of_no_daemon(&admin);
    }
    admin_close(&admin);
    return status ? command_complain(error, status) : 0;
}

int limits_command_reset(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        WHOM_LONG_OPTIONS, {"habit", no_argument, NULL, 'h'}, {0}};
    struct whom whom = {0};
    struct error error;
    bool habit = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int taken = whom_option(option, optarg, &whom, &error);
        if (taken < 0)
            return command_complain(&error, EX_USAGE);
        if (!taken && option != 'h')
            return EX_USAGE;
        habit = habit || option == 'h';
    }
    if (!whom_rest(argv + optind, argc - optind, &whom, &error))
        return command_complain(&error, EX_USAGE);
    if (habit && whom.kind != SUBJECT_LOGIN) {
        error_set(&error, "--habit: only logins have habits");
        return command_complain(&error, EX_USAGE);
    }
    struct arena *arena = arena_new(CEILING);
    if (!arena) {
        error_set(&error, "out of memory");
        return command_complain(&error, EX_OSERR);
    }
    int status = reset(&whom, habit, config, arena, &error);
    arena_free(arena);
    return status;
}
