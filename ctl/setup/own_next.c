/* The steps behind a setup. */
#include "ctl/setup/own.h"
#include "dkim/our_command.h"
#include "policy/shell.h"

/* How decisions are watched as they come. NULL: they are not kept, or memory is out. */
static const char *watching(const struct setup_options *options, const struct settings *written,
                            struct arena *arena)
{
    const char *records = written ? written->log.json : options->records;
    const char *history = written ? written->history.file : options->history;
    if (records && *records)
        return arena_printf(arena, "tail -f %s", shell_quote(arena, records));
    if (history && *history)
        return arena_printf(arena, "%s log%s --follow", our_command(),
                            options->enforce ? "" : " --would");
    return !written || written->log.syslog ? "submilter's lines in the mail log" : NULL;
}

void own_say_next(const struct setup_options *options, const struct settings *written,
                  struct plan *plan)
{
    const char *how = watching(options, written, plan->arena);
    if (how)
        plan_say(plan, PLAN_NEXT, "See what it %s, and why: %s",
                 options->enforce ? "refuses" : "would refuse", how);
    if (!options->enforce)
        plan_say(plan, PLAN_NEXT, "Once that is only what should be refused: %s --enforce --yes",
                 options->again);
}
