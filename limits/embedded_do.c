/* Doing a request: counters are read, judged and raised under one lock, in a few microseconds. */
#include <string.h>

#include "limits/embedded_private.h"
#include "limits/keeper.h"

/* A request and what it is about. */
struct doing {
    struct embedded *embedded;
    struct limits_request *request;
    int64_t now;
    struct named_key names[SUBJECT_COUNT];
    const struct entry_key *keys[SUBJECT_COUNT]; /* NULL: none of that kind */
    struct entry *entries[SUBJECT_COUNT];
};

void embedded_answer_subject(const struct record *record, int64_t now,
                             struct counted_subject *subject)
{
    tally_count(&record->tally, now, &subject->counted, subject->frees);
}

void embedded_answer_login(const struct embedded *embedded, const struct record *record,
                           int64_t now, struct limits_request *request)
{
    static const struct habits none;
    struct limits_answer *answer = &request->answer;
    const struct limits_who *who = &request->who;
    standing_at(record->standing, now / 1000, &answer->standing);
    memcpy(answer->cause, answer->standing.cause.data ? answer->standing.cause.data : "",
           answer->standing.cause.len);
    answer->cause[answer->standing.cause.len] = '\0';
    answer->standing.cause.data = answer->cause;
    habits_compare(record->habits ? record->habits : &none, &record->tally, now,
                   embedded_hash(embedded, 'n', who->names[SUBJECT_NETWORK]),
                   embedded_hash(embedded, 'c', who->client_look), &answer->habit);
}

/* From here to end() the lock is held. */
static void begin(struct doing *doing, struct embedded *embedded, struct limits_request *request,
                  bool create)
{
    *doing = (struct doing){.embedded = embedded, .request = request};
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        if (request->op == LIMITS_KNOWN && kind != SUBJECT_LOGIN)
            break;
        if (embedded_key(embedded, (enum subject_kind)kind, request->who.names[kind],
                         &doing->names[kind]))
            doing->keys[kind] = &doing->names[kind].key;
    }
    embedded_gather(embedded, doing->keys, SUBJECT_COUNT, create, doing->entries);
    doing->now = embedded_now(embedded, request->who.now);
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        if (doing->entries[kind])
            tally_expire(&doing->entries[kind]->total.tally, doing->now);
}

static void end(struct doing *doing)
{
    pthread_mutex_unlock(&doing->embedded->lock);
}

static void add_others(const struct entry *entry, int64_t now, struct counted_subject *subject)
{
    if (!entry->shadow)
        return;
    /* Heard of in the future: by a clock that was set back since. */
    if (entry->shadow->heard > now)
        entry->shadow->heard = now;
    for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++)
        for (int window = 0; window < WINDOW_COUNT; window++) {
            int64_t others = entry->shadow->others[quantity][window];
            int64_t left = entry->shadow->heard + window_seconds[window] * 1000 - now;
            int64_t *frees = &subject->frees[quantity][window];
            if (!others || left <= 0)
                continue;
            subject->counted.counts[quantity][window] += others;
            if (!*frees || (left + 999) / 1000 < *frees)
                *frees = (left + 999) / 1000;
        }
}

static void answer(const struct doing *doing, bool with_others)
{
    struct limits_request *request = doing->request;
    static const struct record none;
    const struct entry *login = doing->entries[SUBJECT_LOGIN];
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        struct counted_subject *subject = &request->answer.subjects[kind];
        const struct entry *entry = doing->entries[kind];
        subject->name = request->who.names[kind];
        if (!entry || request->op == LIMITS_KNOWN || request->op == LIMITS_REFUSED)
            continue;
        embedded_answer_subject(&entry->total, doing->now, subject);
        if (with_others)
            add_others(entry, doing->now, subject);
    }
    embedded_answer_login(doing->embedded, login ? &login->total : &none, doing->now, request);
}

static bool within_bounds(struct limits_request *request)
{
    for (size_t i = 0; i < request->bound_count; i++) {
        const struct limits_bound *bound = &request->bounds[i];
        const struct limit *limit = &bound->limit;
        const struct counted_subject *subject = &request->answer.subjects[bound->subject];
        int64_t amount = request->amounts[limit->quantity];
        bool applies = amount > 0 || limit->quantity == QUANTITY_REFUSALS;
        /* Written so that nothing overflows. */
        if (!subject->name.len || !applies ||
            subject->counted.counts[limit->quantity][limit->window] <= limit->max - amount)
            continue;
        request->answer.passed = *bound;
        return false;
    }
    return true;
}

static bool count_in(struct embedded *embedded, struct entry *entry, int64_t now,
                     const int64_t *amounts, int64_t weight, bool unseen)
{
    if (!tally_add(&entry->total.tally, now, amounts, weight))
        return false;
    if (embedded->keeper) {
        entries_mark_dirty(&embedded->entries, entry);
        if (!tally_add(&entry->fresh.tally, now, amounts, weight))
            return false;
    }
    return !unseen || (entry_shadow(entry) && tally_add(&entry->shadow->unseen, now, amounts, 1));
}

/* One message more in the login's habits. */
static bool get_used(const struct doing *doing)
{
    struct entry *login = doing->entries[SUBJECT_LOGIN];
    const struct limits_who *who = &doing->request->who;
    uint64_t network = embedded_hash(doing->embedded, 'n', who->names[SUBJECT_NETWORK]);
    uint64_t look = embedded_hash(doing->embedded, 'c', who->client_look);
    int64_t now = doing->now / 1000;
    if (!login)
        return true;
    return record_habits(&login->total) && habits_add(login->total.habits, now, network, look) &&
           (!doing->embedded->keeper ||
            (record_habits(&login->fresh) && habits_add(login->fresh.habits, now, network, look)));
}

static bool count(const struct doing *doing, int64_t weight, bool unseen)
{
    const struct limits_request *request = doing->request;
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        if (doing->keys[kind] &&
            (!doing->entries[kind] || !count_in(doing->embedded, doing->entries[kind], doing->now,
                                                request->amounts, weight, unseen)))
            return false;
    return request->op != LIMITS_CHARGE || get_used(doing);
}

static void remember_rcpts(const struct doing *doing)
{
    enum { BATCH = 64 };
    const struct limits_request *request = doing->request;
    const struct entry_key *login = doing->keys[SUBJECT_LOGIN];
    size_t most = request->rcpt_count < LIMITS_RCPTS_MAX ? request->rcpt_count : LIMITS_RCPTS_MAX;
    uint8_t keys[BATCH][CORRESPONDENT_KEY];
    int64_t now = doing->now / 1000;
    for (size_t done = 0; login && done < most;) {
        size_t count = 0;
        while (count < BATCH && done < most)
            embedded_correspondent(doing->embedded, login->name, request->rcpts[done++],
                                   keys[count++]);
        correspondents_add(&doing->embedded->correspondents, keys, count, now, now);
    }
}

static void find_rcpt(const struct doing *doing)
{
    const struct entry_key *login = doing->keys[SUBJECT_LOGIN];
    struct limits_request *request = doing->request;
    struct embedded *embedded = doing->embedded;
    struct known known, written;
    uint8_t key[CORRESPONDENT_KEY];
    if (!login || !request->rcpt_count)
        return;
    embedded_correspondent(embedded, login->name, request->rcpts[0], key);
    /* Memory first: what leaves it meanwhile is in the file. */
    bool in_memory = correspondents_find(&embedded->correspondents, key, &known);
    bool in_file = embedded->keeper && keeper_find_correspondent(embedded->keeper, key, &written);
    if (in_memory && in_file)
        known_merge(&known, &written);
    else if (in_file)
        known = written;
    if (in_memory || in_file)
        request->answer.rcpt_since = known_since(&known, doing->now / 1000, embedded->remember);
}

static bool is_barred(const struct limits_request *request)
{
    return request->bars > LOGIN_NORMAL && request->answer.standing.state >= request->bars;
}

void embedded_do(struct embedded *embedded, struct limits_request *request, int64_t hosts)
{
    struct doing doing;
    bool counts = request->op == LIMITS_CHARGE || request->op == LIMITS_REFUSED;
    request->answer = (struct limits_answer){.degraded = hosts > 0, .hosts = hosts};
    begin(&doing, embedded, request, counts);
    answer(&doing, hosts > 0);
    request->answer.admitted =
        request->op == LIMITS_CHARGE && !is_barred(request) && within_bounds(request);
    bool ok = true;
    if (request->op == LIMITS_REFUSED || request->answer.admitted)
        ok = count(&doing, hosts > 1 ? hosts : 1, hosts > 0);
    end(&doing);
    if (!ok) {
        request->answer = (struct limits_answer){0};
        return;
    }
    request->answer.answered = true;
    if (request->answer.admitted)
        remember_rcpts(&doing);
    if (request->op == LIMITS_KNOWN)
        find_rcpt(&doing);
}

static void hear_of_others(const struct doing *doing, int kind)
{
    const struct counted_subject *fleet = &doing->request->answer.subjects[kind];
    struct entry *entry = doing->entries[kind];
    struct counted_subject own = {0};
    if (!entry || !entry_shadow(entry))
        return;
    embedded_answer_subject(&entry->total, doing->now, &own);
    entry->shadow->heard = doing->now;
    for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++)
        for (int window = 0; window < WINDOW_COUNT; window++) {
            int64_t others =
                fleet->counted.counts[quantity][window] - own.counted.counts[quantity][window];
            entry->shadow->others[quantity][window] = others > 0 ? others : 0;
        }
}

/* What the answer lacks and this store knows. */
static void fill_in(struct doing *doing)
{
    struct limits_answer *answer = &doing->request->answer;
    const struct entry *login = doing->entries[SUBJECT_LOGIN];
    struct limits_request own = {.op = LIMITS_LOOK, .who = doing->request->who};
    if (!login)
        return;
    embedded_answer_login(doing->embedded, &login->total, doing->now, &own);
    if (!answer->habit.since)
        answer->habit = own.answer.habit;
    if (own.answer.standing.state > answer->standing.state) {
        memcpy(answer->cause, own.answer.cause, sizeof answer->cause);
        answer->standing = own.answer.standing;
        answer->standing.cause.data = answer->cause;
    }
}

void embedded_follow(struct embedded *embedded, struct limits_request *request)
{
    struct doing doing;
    int64_t since = request->answer.rcpt_since;
    bool heard = request->op == LIMITS_LOOK || request->op == LIMITS_CHARGE;
    bool counts =
        request->op == LIMITS_REFUSED || (request->op == LIMITS_CHARGE && request->answer.admitted);
    begin(&doing, embedded, request, heard || counts);
    fill_in(&doing);
    for (int kind = 0; heard && kind < SUBJECT_COUNT; kind++)
        hear_of_others(&doing, kind);
    /* Without memory this host's share is a little too large should the fleet be gone: no harm. */
    bool counted = counts && count(&doing, 1, false);
    end(&doing);
    if (counted && request->op == LIMITS_CHARGE)
        remember_rcpts(&doing);
    if (request->op == LIMITS_KNOWN)
        find_rcpt(&doing);
    if (since && (!request->answer.rcpt_since || since < request->answer.rcpt_since))
        request->answer.rcpt_since = since;
}
