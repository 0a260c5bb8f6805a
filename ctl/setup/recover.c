/* An undo of the entries that were begun, with the daemon's end. */
#include "ctl/setup/recover.h"

#include <string.h>

#include "ctl/setup/apply.h"
#include "ctl/setup/process.h"
#include "ctl/setup/undo.h"
#include "ctl/systemd.h"

static bool end_daemon(void *context, struct plan *plan, struct error *error)
{
    const struct setup_options *options = context;
    (void)plan;
    return process_end_daemons(options->daemon, options->config, error);
}

/* One that systemd runs is restarted with the new configuration by it. */
static void add_end(const struct setup_options *options, struct plan *plan)
{
    struct setup_options *kept = arena_alloc(plan->arena, sizeof *kept);
    const char *config = place_real_path(plan->arena, options->config);
    bool goes = false;
    for (const struct plan_row *row = plan->rows; row && config; row = row->next)
        goes = goes || (row->path && strcmp(row->path, config) == 0);
    if (!kept || !goes || systemd_runs())
        return;
    *kept = *options;
    plan_act(plan, "the daemon that was started ends", end_daemon, kept);
}

/* What was said and done is told whatever comes then: the host was changed. */
static void tell(const struct plan *back, struct plan *plan)
{
    for (const struct plan_line *line = back->lines; line; line = line->next)
        plan_say(plan, line->kind, "%s", line->text);
    for (const struct plan_row *row = back->rows; row; row = row->next)
        if (row->written)
            plan_say(plan, PLAN_NOTE, "taken back: %s %s", row->path,
                     row->kind == PLAN_FILE ? "is as it was before" : "was removed");
}

/* What somebody has changed since with setup's lines in it: none of it is taken back, as a setup
 * does what is missing. */
static bool adopt(struct backup *backup, struct plan *plan, struct error *error)
{
    plan_say(plan, PLAN_NOTE,
             "an earlier setup was cut off half-way: what it had done stays, as a file of it was "
             "changed since, and what is missing is added");
    return backup_end(backup, error);
}

bool recover(const struct setup_kind *kind, const struct setup_options *options,
             struct backup *backup, struct plan *plan, struct error *error)
{
    bool changed = false;
    const struct undo_wanted wanted = {.first = backup->finished, .ret_changed = &changed};
    struct plan *back = plan_new(plan->arena, plan->mta);
    if (!back)
        return error_set(error, "memory is out");
    if (!undo_plan(back, backup, &wanted, error))
        return changed ? adopt(backup, plan, error)
                       : error_prefix(error, "an earlier setup was cut off half-way; of what it "
                                             "did: ");
    kind->after_undo(options, back);
    add_end(options, back);
    for (struct plan_row *row = back->rows; row; row = row->next)
        row->may_fail = true;
    if (!plan_good(back, error) || !apply_plan(back, backup, false, error) ||
        !backup_cut(backup, wanted.first, error))
        return error_prefix(error, "an earlier setup was cut off half-way, and this cannot take it "
                                   "back: ");
    plan_say(plan, PLAN_NOTE,
             "an earlier setup was cut off half-way: what it had done was taken back first%s%s",
             back->trouble ? "; " : "", back->trouble ? back->trouble : "");
    tell(back, plan);
    return true;
}
