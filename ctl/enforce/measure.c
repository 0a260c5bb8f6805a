/* The observed verdicts of those to whom the rule would apply. */
#include "ctl/enforce/measure.h"

#include <string.h>

#include "ctl/progress.h"

struct measuring {
    const struct change_wanted *wanted;
    const struct change *change;
};

static bool equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static const struct change_row *row_for(const struct change *change, const char *rule,
                                        const char *policy)
{
    for (size_t i = 0; i < change->row_count; i++) {
        const struct change_row *row = &change->rows[i];
        if (equal(rules[row->rule]->name, rule) && equal(row->after.policy, policy) &&
            row->after.mode == MODE_ENFORCE)
            return row;
    }
    return NULL;
}

/* What it would lead to then. False: it lets through. With another action than the one that was
 * recorded only what could not be decided stays a 451. */
static bool leads_on(const struct change_wanted *wanted, const struct change_row *changed,
                     struct tally_row *row)
{
    bool undecided = equal(row->action, "tempfail") && changed->before.action != ACTION_TEMPFAIL;
    if (!wanted->action || undecided || equal(wanted->action, action_word(changed->before.action)))
        return true;
    row->action = wanted->action;
    return !equal(wanted->action, "accept");
}

static bool takes(struct tally_row *row, void *context)
{
    const struct measuring *measuring = context;
    const struct change *change = measuring->change;
    const struct change_row *changed = row_for(change, row->rule, row->policy);
    struct bytes login = bytes_of(row->login);
    return changed &&
           modes_for_login(change->after, row->policy, login, changed->rule) == MODE_ENFORCE &&
           modes_for_login(change->before, row->policy, login, changed->rule) != MODE_ENFORCE &&
           leads_on(measuring->wanted, changed, row);
}

static bool takes_judged(const struct tally_judged *judged, void *context)
{
    const struct measuring *measuring = context;
    return row_for(measuring->change, judged->rule, judged->policy);
}

static bool ask(struct arena *arena, struct measuring *measuring, struct history *history,
                int64_t until, struct measure *measure)
{
    struct progress progress;
    const struct tally_choice choice = {takes, takes_judged, measuring};
    const struct history_filter filter = {.since = measure->since,
                                          .until = until,
                                          .rule = measuring->wanted->rule_count == 1
                                                      ? rules[measuring->wanted->rules[0]]->name
                                                      : NULL};
    progress_begin(&progress, "looking", 0);
    history_progress(history, progress_tick, &progress);
    bool taken = tally_take(arena, history, &filter, &choice, &measure->tally, &measure->why);
    progress_end(&progress);
    for (size_t i = 0; taken && i < measure->tally.judged_count; i++)
        measure->judged += measure->tally.judged[i].decisions;
    return taken;
}

bool measure_take(struct arena *arena, const struct change_wanted *wanted,
                  const struct change *change, const struct source_options *source,
                  struct measure *ret_measure)
{
    struct measuring measuring = {wanted, change};
    struct history *history = NULL;
    *ret_measure = (struct measure){.since = source->since};
    if (source_open(wanted->config, source, &history, &ret_measure->why))
        ret_measure->known = ask(arena, &measuring, history, source->until, ret_measure);
    source_close(history);
    if (progress_interrupted())
        return false;
    if (ret_measure->known && !ret_measure->judged) {
        ret_measure->known = false;
        error_set(&ret_measure->why, "no recorded message was judged by it while it was observed");
    }
    return true;
}

void measure_done(struct measure *measure)
{
    tally_done(&measure->tally);
}

int64_t measure_messages(const struct measure *measure)
{
    return tally_messages(&measure->tally, 0, measure->tally.count);
}
