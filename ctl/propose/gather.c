/* The history's answers, with numbers for names. */
#include "ctl/propose/gather.h"

#include <stdlib.h>
#include <time.h>

#include "ctl/progress.h"
#include "history/unowned.h"

/* What a callback writes to, and whether memory was out for it. */
struct gathering {
    struct gathered *gathered;
    bool failed;
};

/* By how much the admin's clock is ahead of UTC now. */
static int64_t day_offset(void)
{
    time_t now = time(NULL);
    struct tm local;
    return localtime_r(&now, &local) ? (int64_t)local.tm_gmtoff * 1000 : 0;
}

static bool keep_use(struct gathering *gathering, const struct unowned_use *row, struct uses *uses)
{
    struct gathered *gathered = gathering->gathered;
    const struct use use = {
        .login = names_add(gathered->logins, row->login),
        .address = row->address.len ? names_add(gathered->addresses, row->address) : 0,
        .network = names_add(gathered->networks, row->network),
        .day = row->day,
        .first = row->first,
        .last = row->last,
        .messages = row->messages,
        .claiming = row->claiming,
        .recipients = row->recipients,
    };
    gathering->failed = use.login == NAMES_NONE || use.address == NAMES_NONE ||
                        use.network == NAMES_NONE || !uses_add(uses, &use);
    return !gathering->failed && !progress_interrupted();
}

static bool keep_claim(const struct unowned_use *row, void *context)
{
    struct gathering *gathering = context;
    /* What begins with a NUL is nothing to the database. */
    return !row->address.len || keep_use(gathering, row, &gathering->gathered->claims);
}

static bool keep_activity(const struct unowned_use *row, void *context)
{
    struct gathering *gathering = context;
    return keep_use(gathering, row, &gathering->gathered->activity);
}

/* Room for one more item; NULL when memory is out. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t more = *capacity ? *capacity * 2 : 64;
    void *larger = reallocarray(items, more, size);
    if (larger)
        *capacity = more;
    return larger;
}

static bool keep_verdict(const struct unowned_verdict *row, void *context)
{
    struct gathering *gathering = context;
    struct gathered *gathered = gathering->gathered;
    const struct gathered_verdict verdict = {
        .login = names_find(gathered->logins, row->login),
        .address = names_find(gathered->addresses, row->address),
        .rule = names_add(gathered->rules, row->rule),
        .refused = row->refused,
        .would = row->would,
    };
    if (verdict.login == NAMES_NONE || verdict.address == NAMES_NONE)
        return true;
    struct gathered_verdict *verdicts = grow(gathered->verdicts, gathered->verdict_count,
                                             &gathered->verdict_capacity, sizeof *verdicts);
    gathering->failed = !verdicts || verdict.rule == NAMES_NONE;
    if (verdicts)
        gathered->verdicts = verdicts;
    if (!gathering->failed)
        verdicts[gathered->verdict_count++] = verdict;
    return !gathering->failed && !progress_interrupted();
}

static bool keep_holder(const struct unowned_holder *row, void *context)
{
    struct gathering *gathering = context;
    struct gathered *gathered = gathering->gathered;
    const struct gathered_holder holder = {
        .login = names_find(gathered->logins, row->login),
        .address = names_find(gathered->addresses, row->address),
        .messages = row->messages,
    };
    if (holder.login == NAMES_NONE || holder.address == NAMES_NONE)
        return true;
    struct gathered_holder *holders = grow(gathered->holders, gathered->holder_count,
                                           &gathered->holder_capacity, sizeof *holders);
    gathering->failed = !holders;
    if (holders) {
        gathered->holders = holders;
        holders[gathered->holder_count++] = holder;
    }
    return !gathering->failed && !progress_interrupted();
}

static bool ask(struct history *history, const struct history_filter *filter,
                struct gathered *gathered, struct error *error)
{
    struct gathering gathering = {gathered, false};
    int64_t offset = day_offset();
    bool asked =
        readiness_extent(history, filter, &gathered->extent, error) &&
        unowned_claims(history, filter, offset, keep_claim, &gathering, error) &&
        !gathering.failed &&
        unowned_activity(history, filter, offset, keep_activity, &gathering, error) &&
        !gathering.failed && unowned_verdicts(history, filter, keep_verdict, &gathering, error) &&
        !gathering.failed && unowned_holders(history, filter, keep_holder, &gathering, error);
    if (gathering.failed)
        return error_set(error, "out of memory");
    return asked && (!progress_interrupted() || error_set(error, "interrupted"));
}

bool gather(struct history *history, const struct history_filter *filter,
            struct gathered *ret_gathered, struct error *error)
{
    struct progress progress;
    *ret_gathered = (struct gathered){.logins = names_new(),
                                      .addresses = names_new(),
                                      .networks = names_new(),
                                      .rules = names_new()};
    if (!ret_gathered->logins || !ret_gathered->addresses || !ret_gathered->networks ||
        !ret_gathered->rules)
        return error_set(error, "out of memory");
    progress_begin(&progress, "read", 0);
    history_progress(history, progress_tick, &progress);
    bool asked = ask(history, filter, ret_gathered, error);
    history_progress(history, NULL, NULL);
    progress_end(&progress);
    return asked;
}

void gather_done(struct gathered *gathered)
{
    names_free(gathered->logins);
    names_free(gathered->addresses);
    names_free(gathered->networks);
    names_free(gathered->rules);
    free(gathered->claims.items);
    free(gathered->activity.items);
    free(gathered->verdicts);
    free(gathered->holders);
}
