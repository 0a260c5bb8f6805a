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
    return taken;
}

static bool becomes_enforced(const struct change *change, enum rule_id rule)
{
    for (size_t i = 0; i < change->row_count; i++)
        if (change->rows[i].rule == rule && change->rows[i].after.mode == MODE_ENFORCE)
            return true;
    return false;
}

static int64_t judged_by(const struct tally *tally, const char *rule)
{
    int64_t sum = 0;
    for (size_t i = 0; i < tally->judged_count; i++)
        if (equal(tally->judged[i].rule, rule))
            sum += tally->judged[i].decisions;
    return sum;
}

/* Each rule has to have been asked; most messages were asked of all. */
static bool count_judged(const struct measuring *measuring, struct measure *measure)
{
    for (size_t i = 0; i < measuring->wanted->rule_count; i++) {
        enum rule_id rule = measuring->wanted->rules[i];
        int64_t judged = judged_by(&measure->tally, rules[rule]->name);
        if (!becomes_enforced(measuring->change, rule))
            continue;
        if (!judged)
            return error_set(&measure->why,
                             "no recorded message was judged by %s while it was observed",
                             rules[rule]->name);
        if (judged > measure->judged)
            measure->judged = judged;
    }
    return true;
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
    if (ret_measure->known)
        ret_measure->known = count_judged(&measuring, ret_measure);
    return true;
}

void measure_done(struct measure *measure)
{
    tally_clear(&measure->tally);
}

int64_t measure_messages(const struct measure *measure)
{
    return measure->tally.messages;
}
