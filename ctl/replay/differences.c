/* Sorting and counting what differs. */
#include "ctl/replay/differences.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/replay/sample_text.h"

static const char *const words[][2] = {
    [DIFFERENCE_REFUSED] = {"newly refused", "newly_refused"},
    [DIFFERENCE_QUARANTINED] = {"newly quarantined", "newly_quarantined"},
    [DIFFERENCE_ACCEPTED] = {"newly accepted", "newly_accepted"},
    [DIFFERENCE_LET_ON] = {"let on", "let_on"},
    [DIFFERENCE_OTHERWISE] = {"refused otherwise", "refused_otherwise"},
    [DIFFERENCE_EDITED] = {"edited otherwise", "edited_otherwise"},
    [DIFFERENCE_SIGNED] = {"signed otherwise", "signed_otherwise"},
    [DIFFERENCE_OBSERVED] = {"observed otherwise", "observed_otherwise"},
};

const char *difference_word(enum difference kind)
{
    return words[kind][0];
}

const char *difference_key(enum difference kind)
{
    return words[kind][1];
}

bool differences_init(struct differences *differences, size_t sample_max, struct error *error)
{
    *differences = (struct differences){.sample_max = sample_max};
    differences->rules = counts_new();
    differences->people = counts_new();
    differences->logins = counts_new();
    bool good = differences->rules && differences->people && differences->logins;
    for (size_t i = 0; i < DIFFERENCE_KINDS && sample_max; i++) {
        differences->samples[i] = calloc(sample_max, sizeof *differences->samples[i]);
        good = good && differences->samples[i];
    }
    return good || error_set(error, "out of memory");
}

void differences_done(struct differences *differences)
{
    counts_free(differences->rules);
    counts_free(differences->people);
    counts_free(differences->logins);
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        free(differences->samples[i]);
    *differences = (struct differences){0};
}

static bool leaves(const struct replay_decision *decision)
{
    return !decision->command && decision->action < ACTION_QUARANTINE;
}

static enum difference kind_of(const struct replayed *replayed)
{
    const struct replay_decision *then = &replayed->then;
    const struct replay_decision *now = &replayed->now;
    if (replayed->gap == REPLAY_NOT_REFUSED)
        return DIFFERENCE_LET_ON;
    if (leaves(then) && leaves(now) && !replayed->rcpts_refused)
        return replayed->edits_differ     ? DIFFERENCE_EDITED
               : replayed->signed_differs ? DIFFERENCE_SIGNED
                                          : DIFFERENCE_OBSERVED;
    if (leaves(then))
        return !now->command && now->action == ACTION_QUARANTINE ? DIFFERENCE_QUARANTINED
                                                                 : DIFFERENCE_REFUSED;
    if (leaves(now))
        return DIFFERENCE_ACCEPTED;
    return replayed->decision_differs || replayed->rcpts_refused ? DIFFERENCE_OTHERWISE
                                                                 : DIFFERENCE_OBSERVED;
}

/* "RULE\tTHEN\tNOW" */
static bool add_rule(struct differences *differences, enum rule_id id,
                     const struct replay_rule *rule, struct bytes login)
{
    char name[512], then[200], now[200], person[1600];
    sample_text_effect(&rule->then, then, sizeof then);
    sample_text_effect(&rule->now, now, sizeof now);
    snprintf(name, sizeof name, "%s\t%s\t%s", rules[id]->name, then, now);
    struct counts_row *row = counts_at(differences->rules, bytes_of(name));
    snprintf(person, sizeof person, "%s\t%.*s", name, (int)bytes_slice(login, 0, 1000).len,
             login.len ? login.data : "");
    struct counts_row *of_person = counts_at(differences->people, bytes_of(person));
    if (!row || !of_person)
        return false;
    row->numbers[DIFFERENCES_DECISIONS]++;
    of_person->numbers[DIFFERENCES_DECISIONS]++;
    return true;
}

static bool add_rules(struct differences *differences, const struct recorded *recorded,
                      const struct replayed *replayed)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct replay_rule *rule = &replayed->rules[i];
        differences->carried[i] += rule->carried;
        differences->unknown[i] += rule->unknown;
        if (!replay_same_effect(&rule->then, &rule->now) &&
            !add_rule(differences, (enum rule_id)i, rule, recorded->session.login.name))
            return false;
    }
    return true;
}

static void keep_time(struct differences *differences, int64_t first, int64_t last)
{
    if (first && (!differences->first || first < differences->first))
        differences->first = first;
    if (last > differences->last)
        differences->last = last;
}

static bool add_difference(struct differences *differences, uint64_t number,
                           const struct recorded *recorded, const struct replayed *replayed)
{
    enum difference kind = kind_of(replayed);
    struct counts_row *login =
        counts_at(differences->logins, bytes_slice(recorded->session.login.name, 0, 1000));
    differences->kinds[kind]++;
    if (!login)
        return false;
    login->numbers[kind]++;
    if (differences->sample_max) {
        uint64_t at = differences->sample_count[kind]++ % differences->sample_max;
        sample_text_fill(&differences->samples[kind][at], number, kind, recorded, replayed);
    }
    return true;
}

bool differences_add(struct differences *differences, uint64_t number,
                     const struct recorded *recorded, const struct replayed *replayed,
                     struct error *error)
{
    differences->judged++;
    keep_time(differences, recorded->began, recorded->began);
    differences->faults += replayed->gap == REPLAY_FAULT;
    differences->older += !recorded->complete;
    differences->other_keys += replayed->keys_differ;
    if (!add_rules(differences, recorded, replayed) ||
        (replayed->differs && !add_difference(differences, number, recorded, replayed)))
        return error_set(error, "out of memory");
    return true;
}

void differences_unreadable(struct differences *differences, uint64_t number, const char *place,
                            uint64_t line, const struct error *why)
{
    if (differences->unreadable++)
        return;
    differences->first_unreadable = number;
    snprintf(differences->unreadable_why, sizeof differences->unreadable_why, "%.200s:%llu: %s",
             place, (unsigned long long)line, why->text);
}

static int by_number(const void *a, const void *b)
{
    const struct difference_sample *left = a;
    const struct difference_sample *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

size_t differences_samples(const struct differences *differences, enum difference kind,
                           const struct difference_sample **ret_samples)
{
    uint64_t count = differences->sample_count[kind];
    if (count > differences->sample_max)
        count = differences->sample_max;
    if (count)
        qsort(differences->samples[kind], (size_t)count, sizeof(struct difference_sample),
              by_number);
    *ret_samples = differences->samples[kind];
    return (size_t)count;
}

/* The last of both. */
static bool merge_samples(struct differences *differences, const struct differences *other,
                          enum difference kind)
{
    const struct difference_sample *ours;
    const struct difference_sample *theirs;
    size_t our_count = differences_samples(differences, kind, &ours);
    size_t their_count = differences_samples(other, kind, &theirs);
    size_t most = differences->sample_max;
    struct difference_sample *all = calloc(our_count + their_count + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < our_count; i++)
        all[i] = ours[i];
    for (size_t i = 0; i < their_count; i++)
        all[our_count + i] = theirs[i];
    qsort(all, our_count + their_count, sizeof *all, by_number);
    size_t kept = our_count + their_count < most ? our_count + their_count : most;
    for (size_t i = 0; i < kept; i++)
        differences->samples[kind][i] = all[our_count + their_count - kept + i];
    differences->sample_count[kind] += other->sample_count[kind];
    free(all);
    return true;
}

static void merge_numbers(struct differences *differences, const struct differences *other)
{
    differences->judged += other->judged;
    differences->other_keys += other->other_keys;
    differences->faults += other->faults;
    differences->older += other->older;
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        differences->kinds[i] += other->kinds[i];
    for (size_t i = 0; i < RULE_COUNT; i++) {
        differences->carried[i] += other->carried[i];
        differences->unknown[i] += other->unknown[i];
    }
    if (other->unreadable &&
        (!differences->unreadable || other->first_unreadable < differences->first_unreadable)) {
        differences->first_unreadable = other->first_unreadable;
        memcpy(differences->unreadable_why, other->unreadable_why,
               sizeof differences->unreadable_why);
    }
    differences->unreadable += other->unreadable;
    keep_time(differences, other->first, other->last);
}

/* How many logins each row of rules is about. */
static bool count_people(struct differences *differences)
{
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences->rules, &count);
    for (size_t i = 0; i < count; i++)
        rows[i]->numbers[DIFFERENCES_LOGINS] = 0;
    rows = counts_sorted(differences->people, &count);
    for (size_t i = 0; i < count; i++) {
        struct bytes name = rows[i]->name;
        size_t end = 0;
        for (int tabs = 0; end < name.len && (tabs += name.data[end] == '\t') < 3;)
            end++;
        struct counts_row *row = counts_at(differences->rules, bytes_slice(name, 0, end));
        if (!row)
            return false;
        row->numbers[DIFFERENCES_LOGINS]++;
    }
    return true;
}

bool differences_merge(struct differences *differences, struct differences *other,
                       struct error *error)
{
    merge_numbers(differences, other);
    bool good = counts_merge(differences->rules, other->rules) &&
                counts_merge(differences->people, other->people) &&
                counts_merge(differences->logins, other->logins) && count_people(differences);
    for (size_t i = 0; good && i < DIFFERENCE_KINDS && differences->sample_max; i++)
        good = merge_samples(differences, other, (enum difference)i);
    return good || error_set(error, "out of memory");
}

bool differences_any(const struct differences *differences)
{
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        if (differences->kinds[i])
            return true;
    return false;
}
