/* submilterctl setup: proposes, shows, carries out or takes back. */
#include "ctl/setup/setup.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/setup/apply.h"
#include "ctl/setup/arguments.h"
#include "ctl/setup/hold.h"
#include "ctl/setup/leftover.h"
#include "ctl/setup/recover.h"
#include "ctl/setup/scratch.h"
#include "ctl/setup/show.h"
#include "ctl/setup/undo.h"
#include "ctl/setup/undo_shared.h"

#define EXIT_PENDING 2
#define MOST_BYTES ((size_t)512 * 1024 * 1024)

static const struct setup_kind *const kinds[] = {&setup_postfix, &setup_sendmail, NULL};

/* What was put back is told to whom it concerns as far as that goes. */
static void let_fail(struct plan *plan)
{
    for (struct plan_row *row = plan->rows; row; row = row->next)
        row->may_fail = true;
}

/* Another MTA asks the daemon still: nobody is to end it. */
static void drop_next(struct plan *plan)
{
    struct plan_line **at = &plan->lines;
    plan->last_line = NULL;
    while (*at) {
        if ((*at)->kind == PLAN_NEXT) {
            *at = (*at)->next;
            continue;
        }
        plan->last_line = *at;
        at = &(*at)->next;
    }
}

static int take_back(const struct setup_arguments *arguments, struct plan *plan,
                     struct backup *backup, struct error *error)
{
    struct undo_wanted wanted = {.force = arguments->force};
    struct backup other;
    const char *place = arguments->kind->place(&arguments->options, plan->arena);
    wanted.place = place ? place_real_path(plan->arena, place) : NULL;
    if (!backup->config)
        backup->config = place_real_path(plan->arena, arguments->options.config);
    if (!wanted.place || !undo_shared_find(backup, &other, error))
        return EX_CANTCREAT;
    if (!backup->count && !leftover_check(backup, wanted.place, error))
        return EX_CANTCREAT;
    if (backup->count && other.config)
        wanted.other = &other;
    bool begun = backup->begun;
    size_t finished = backup->finished;
    if (!undo_plan(plan, backup, &wanted, error))
        return EX_CANTCREAT;
    arguments->kind->after_undo(&arguments->options, plan);
    if (wanted.other)
        drop_next(plan);
    let_fail(plan);
    if (!plan_good(plan, error))
        return EX_OSERR;
    if (backup->count && !backup_begin(backup, 0, error))
        return EX_CANTCREAT;
    if (plan_pending(plan) && !apply_plan(plan, backup, false, error)) {
        struct error ignored;
        backup->begun = begun;
        backup->finished = finished;
        if (!backup_save(backup, &ignored))
            plan_say(plan, PLAN_WARNING, "%s", ignored.text);
        return EX_CANTCREAT;
    }
    if ((wanted.other && !undo_shared_hand_over(backup, &other, wanted.place, error)) ||
        !backup_cut(backup, 0, error))
        return EX_CANTCREAT;
    if (!plan->trouble)
        return 0;
    error_set(error, "everything was put back, but then: %s", plan->trouble);
    return EX_OSERR;
}

/* Fills the plan and, where that is asked for, carries it out. Returns the exit status. */
static int set_up(const struct setup_arguments *arguments, struct plan *plan, struct backup *backup,
                  struct error *error)
{
    const struct setup_kind *kind = arguments->kind;
    const struct setup_options *options = &arguments->options;
    if (backup->begun && !recover(kind, options, backup, plan, error))
        return EX_CANTCREAT;
    if (options->carry_out)
        backup->config = place_real_path(plan->arena, options->config);
    if (!kind->propose(options, plan, error) || !plan_good(plan, error))
        return EX_CONFIG;
    if (!options->carry_out)
        return plan_pending(plan) ? EXIT_PENDING : 0;
    return !plan_pending(plan) || apply_plan(plan, backup, true, error) ? 0 : EX_CANTCREAT;
}

static const char *headline(const struct setup_arguments *arguments, const struct plan *plan,
                            int status)
{
    bool pending = plan_pending(plan);
    if (status == EXIT_PENDING)
        return "This is what would be changed; --yes does it:";
    if (status != 0 && !plan->trouble)
        return "This was to be changed:";
    if (arguments->undo)
        return pending ? "Everything was put back:"
                       : "Nothing is set up: there is nothing to undo.";
    return pending ? "This was changed (--undo puts it back):"
                   : "Everything is set up: there is nothing to change.";
}

static int finish(const struct setup_arguments *arguments, const struct plan *plan, int status,
                  const struct error *error)
{
    bool failed = status != 0 && status != EXIT_PENDING;
    const struct show_outcome outcome = {
        .applied = (status == 0 || plan->trouble) && arguments->options.carry_out,
        .undoing = arguments->undo,
        .error = failed ? error->text : NULL,
        .status = status,
    };
    if (outcome.applied && plan_pending(plan))
        output_change_made();
    if (arguments->json) {
        show_json(plan, &outcome);
    } else {
        if (!failed || plan_pending(plan))
            printf("%s\n\n", headline(arguments, plan, status));
        if (!failed || plan_pending(plan) || plan->lines)
            show_text(plan, &outcome);
    }
    output_flush(); /* a signal that was held ends it next */
    if (failed && !arguments->json)
        command_complain(error, status);
    return status;
}

static int run_in(struct arena *arena, struct setup_arguments *arguments)
{
    struct error error;
    struct backup backup = {.lock = -1};
    const struct setup_options *options = &arguments->options;
    struct plan *plan = plan_new(arena, arguments->kind->name);
    const char *place = arguments->kind->place(options, arena);
    const char *real = place ? place_real_path(arena, place) : NULL;
    const char *name = real ? backup_name(arena, arguments->kind->name, real) : NULL;
    if (!plan || !name)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    if (!arguments->undo && !arguments_check(arguments, &error))
        return finish(arguments, plan, EX_CONFIG, &error);
    if (options->carry_out && !backup_open(arena, options->state, name, &backup, &error))
        return finish(arguments, plan, backup.busy ? EX_TEMPFAIL : EX_CANTCREAT, &error);
    if (options->carry_out)
        scratch_sweep();
    int status = arguments->undo ? take_back(arguments, plan, &backup, &error)
                                 : set_up(arguments, plan, &backup, &error);
    backup_close(&backup);
    return finish(arguments, plan, status, &error);
}

static int run(const char *config, int argc, char **argv)
{
    struct setup_arguments arguments = {.options = {.config = config,
                                                    .state = SETUPDIR,
                                                    .daemon = SBINDIR "/submilter",
                                                    .records = LOGDIR "/decisions.jsonl",
                                                    .history = HISTORYDIR "/history.db",
                                                    .user = "submilter"}};
    for (size_t i = 0; argc > 1 && kinds[i]; i++)
        if (strcmp(argv[1], kinds[i]->name) == 0)
            arguments.kind = kinds[i];
    if (!arguments.kind) {
        fprintf(stderr, "submilterctl: setup: %s%sname the MTA: postfix or sendmail\n",
                argc > 1 ? argv[1] : "", argc > 1 ? " is not known; " : "");
        return EX_USAGE;
    }
    struct arena *arena = arena_new(MOST_BYTES);
    if (!arena)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    bool read = arguments_read(arena, argc - 1, argv + 1, &arguments);
    if (read && arguments.force && !arguments.undo) {
        fprintf(stderr, "submilterctl: setup: --force goes with --undo alone\n");
        read = false;
    }
    hold_signals();
    int status = read ? run_in(arena, &arguments) : EX_USAGE;
    arena_free(arena);
    hold_release();
    return status;
}

const struct command command_setup = {
    .name = "setup",
    .arguments =
        "postfix [--postfix-config DIR] [--yes] [--enforce] [--domain D]...\n"
        "      [--no-keys] [--socket SPEC] [--user NAME] [--records FILE] [--history FILE]\n"
        "      [--json] [--state DIR] [--daemon PROGRAM]\n"
        "  submilterctl setup sendmail [--mc FILE] [--cf FILE] [--cf-dir DIR] [--yes] ...\n"
        "  submilterctl setup postfix|sendmail --undo [--force]",
    .summary = "proposes what hooks submilter into the MTA; --yes does it, --undo puts it back",
    .run = run,
};
