/* The steps behind a setup. */
#include "ctl/setup/own.h"
#include "policy/shell.h"

void own_say_next(const struct setup_options *options, const struct settings *written,
                  struct plan *plan)
{
    const char *records = written ? written->log.json : options->records;
    plan_say(plan, PLAN_NEXT, "See what it %s, and why: tail -f %s",
             options->enforce ? "refuses" : "would refuse",
             records ? shell_quote(plan->arena, records) : "the log");
    if (!options->enforce)
        plan_say(plan, PLAN_NEXT, "Once that is only what should be refused: %s --enforce --yes",
                 options->again);
}
