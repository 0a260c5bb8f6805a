/* All that is kept of one subject, as a whole. */
#include "limits/record.h"

#include <stdlib.h>

void record_done(struct record *record)
{
    tally_done(&record->tally);
    if (record->habits)
        habits_done(record->habits);
    free(record->habits);
    free(record->standing);
    *record = (struct record){0};
}

bool record_is_empty(const struct record *record)
{
    return !record->tally.count && !record->habits && !record->standing;
}

struct habits *record_habits(struct record *record)
{
    if (!record->habits)
        record->habits = calloc(1, sizeof *record->habits);
    return record->habits;
}

struct standing *record_standing(struct record *record)
{
    if (!record->standing)
        record->standing = calloc(1, sizeof *record->standing);
    return record->standing;
}

bool record_merge(struct record *record, const struct record *other, int64_t now)
{
    if (other->habits && (!record_habits(record) || !habits_merge(record->habits, other->habits)))
        return false;
    if (other->standing) {
        if (!record_standing(record))
            return false;
        standing_merge(record->standing, other->standing, now / 1000);
    }
    return tally_merge(&record->tally, &other->tally);
}

void record_expire(struct record *record, int64_t now, int64_t remember)
{
    tally_expire(&record->tally, now);
    if (!record->habits)
        return;
    habits_forget(record->habits, now / 1000 - remember);
    if (record->habits->networks.count || record->habits->looks.count ||
        record->habits->since >= now / 1000 - remember)
        return;
    habits_done(record->habits);
    free(record->habits);
    record->habits = NULL;
}
