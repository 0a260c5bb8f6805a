/* Counting, over sorted arrays: each pair's uses, beside what else the login sends. */
#include "ctl/propose/evidence.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define SETTLED_DAYS 2  /* from one network: it is where the login is at home, not a visit */
#define SITE_LOGINS 3   /* settled in one network: it is the site's own */
#define SHORT_HISTORY 3 /* days: too few for anybody to have settled */
#define ROAMS_FROM 5    /* networks */

/* One login's claims from a network in which it is strange. */
struct stranger {
    uint32_t network, login;
    size_t pair;
};

struct builder {
    const struct uses *claims;
    const struct uses *activity;
    bool short_history;
    uint32_t *site_networks; /* sorted */
    size_t site_network_count;
    struct stranger *strangers;
    size_t stranger_count;
    struct evidence *pairs;
    size_t pair_count;
};

static int by_network(const void *left, const void *right)
{
    const struct stranger *a = left;
    const struct stranger *b = right;
    USES_ORDER(a->network, b->network);
    USES_ORDER(a->login, b->login);
    return 0;
}

static int by_first(const void *left, const void *right)
{
    const struct evidence *a = *(struct evidence *const *)left;
    const struct evidence *b = *(struct evidence *const *)right;
    USES_ORDER(a->login, b->login);
    USES_ORDER(a->first, b->first);
    return 0;
}

static int by_number(const void *left, const void *right)
{
    USES_ORDER(*(const uint32_t *)left, *(const uint32_t *)right);
    return 0;
}

static void sort(void *items, size_t count, size_t size, int (*order)(const void *, const void *))
{
    if (count)
        qsort(items, count, size, order);
}

/* The activity of one login in one network; of all its networks with NULL. */
static const struct use *activity_of(const struct builder *builder, uint32_t login,
                                     const uint32_t *network, size_t *ret_count)
{
    const struct use *items = builder->activity->items;
    size_t low = 0;
    size_t high = builder->activity->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct use *use = &items[middle];
        if (use->login < login || (use->login == login && network && use->network < *network))
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < builder->activity->count; high++)
        if (items[high].login != login || (network && items[high].network != *network))
            break;
    *ret_count = high - low;
    return items + low;
}

/* activity by network and login. */
static bool find_site_networks(struct builder *builder, const struct uses *activity)
{
    builder->site_networks = calloc(activity->count + 1, sizeof(uint32_t));
    if (!builder->site_networks)
        return false;
    size_t settled = 0;
    for (size_t i = 0, next; i < activity->count; i = next) {
        const struct use *items = activity->items;
        for (next = i; next < activity->count; next++)
            if (items[next].network != items[i].network || items[next].login != items[i].login)
                break;
        settled += next - i >= SETTLED_DAYS;
        bool last_login = next == activity->count || items[next].network != items[i].network;
        if (last_login && settled >= SITE_LOGINS)
            builder->site_networks[builder->site_network_count++] = items[i].network;
        if (last_login)
            settled = 0;
    }
    return true;
}

static bool is_site_network(const struct builder *builder, uint32_t network)
{
    return bsearch(&network, builder->site_networks, builder->site_network_count, sizeof network,
                   by_number) != NULL;
}

/* Days on which the login sent something else from there than the pair. */
static size_t other_days(const struct use *activity, size_t activity_count,
                         const struct use *claims, size_t claim_count)
{
    size_t days = 0;
    size_t c = 0;
    for (size_t i = 0; i < activity_count; i++) {
        while (c < claim_count && claims[c].day < activity[i].day)
            c++;
        int64_t claimed =
            c < claim_count && claims[c].day == activity[i].day ? claims[c].messages : 0;
        days += activity[i].messages > claimed;
    }
    return days;
}

static bool is_known_there(const struct builder *builder, size_t days, uint32_t network)
{
    return days >= SETTLED_DAYS || (builder->short_history && days) ||
           is_site_network(builder, network);
}

/* The uses of one pair that come from one network. */
static void look_at_network(struct builder *builder, struct evidence *pair,
                            const struct use *claims, size_t count)
{
    size_t activity_count;
    const struct use *activity =
        activity_of(builder, pair->login, &claims->network, &activity_count);
    pair->networks++;
    if (!pair->other_messages ||
        is_known_there(builder, other_days(activity, activity_count, claims, count),
                       claims->network))
        return;
    pair->strange_networks++;
    for (size_t i = 0; i < count; i++)
        pair->strange_messages += claims[i].messages;
    builder->strangers[builder->stranger_count++] =
        (struct stranger){claims->network, pair->login, (size_t)(pair - builder->pairs)};
}

/* Of the login's networks with mail other than the pair's. */
static bool roams(const struct builder *builder, const struct evidence *pair,
                  const struct use *claims, size_t claim_count)
{
    size_t count;
    const struct use *activity = activity_of(builder, pair->login, NULL, &count);
    size_t networks = 0;
    size_t visited = 0;
    size_t claim = 0;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && activity[next].network == activity[i].network; next++)
            continue;
        while (claim < claim_count && claims[claim].network < activity[i].network)
            claim++;
        size_t claimed = claim;
        while (claimed < claim_count && claims[claimed].network == activity[i].network)
            claimed++;
        size_t days = other_days(activity + i, next - i, claims + claim, claimed - claim);
        networks += days > 0;
        visited += days == 1;
    }
    return !builder->short_history && networks >= ROAMS_FROM && visited * 2 > networks;
}

/* room: for count uses. */
static void count_days(struct evidence *pair, const struct use *claims, size_t count,
                       struct use *room)
{
    memcpy(room, claims, count * sizeof *room);
    struct uses days = {room, count, count};
    uses_settle(&days, uses_by_day);
    pair->days = (uint32_t)days.count;
    for (size_t i = 0; i < days.count; i++)
        if (room[i].messages > pair->busiest_day)
            pair->busiest_day = room[i].messages;
}

static void build_pair(struct builder *builder, const struct use *claims, size_t count,
                       struct use *room)
{
    struct evidence *pair = &builder->pairs[builder->pair_count++];
    struct use sum = uses_sum(claims, count);
    *pair = (struct evidence){.login = sum.login,
                              .address = sum.address,
                              .messages = sum.messages,
                              .recipients = sum.recipients,
                              .first = sum.first,
                              .last = sum.last};
    size_t activity_count;
    const struct use *activity = activity_of(builder, pair->login, NULL, &activity_count);
    for (size_t i = 0; i < activity_count; i++)
        pair->other_messages += activity[i].messages;
    /* Fewer where the daemon wrote more between the two questions. */
    pair->other_messages -=
        pair->messages < pair->other_messages ? pair->messages : pair->other_messages;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && claims[next].network == claims[i].network; next++)
            continue;
        look_at_network(builder, pair, claims + i, next - i);
    }
    pair->roams = roams(builder, pair, claims, count);
    count_days(pair, claims, count, room);
}

/* How many logins are strangers in each network. */
static void count_crowds(struct builder *builder)
{
    struct stranger *items = builder->strangers;
    sort(items, builder->stranger_count, sizeof *items, by_network);
    for (size_t i = 0, next; i < builder->stranger_count; i = next) {
        uint32_t logins = 1;
        for (next = i + 1; next < builder->stranger_count; next++) {
            if (items[next].network != items[i].network)
                break;
            logins += items[next].login != items[next - 1].login;
        }
        for (size_t j = i; j < next; j++)
            if (builder->pairs[items[j].pair].crowd < logins)
                builder->pairs[items[j].pair].crowd = logins;
    }
}

/* Of each pair that was seen on one day: how many such of its login began within a day of it. */
static bool count_sprays(struct builder *builder)
{
    struct evidence **sorted = calloc(builder->pair_count + 1, sizeof(struct evidence *));
    if (!sorted)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < builder->pair_count; i++)
        if (builder->pairs[i].days == 1)
            sorted[count++] = &builder->pairs[i];
    sort(sorted, count, sizeof *sorted, by_first);
    for (size_t i = 0, from = 0, to = 0; i < count; i++) {
        while (sorted[from]->login != sorted[i]->login ||
               sorted[from]->first + DAY_MS < sorted[i]->first)
            from++;
        if (to < i)
            to = i;
        while (to < count && sorted[to]->login == sorted[i]->login &&
               sorted[to]->first <= sorted[i]->first + DAY_MS)
            to++;
        sorted[i]->sprayed = (uint32_t)(to - from - 1);
    }
    free(sorted);
    return true;
}

static bool is_short(const struct uses *activity)
{
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < activity->count; i++) {
        first = activity->items[i].day < first ? activity->items[i].day : first;
        last = activity->items[i].day > last ? activity->items[i].day : last;
    }
    return !activity->count || last - first < SHORT_HISTORY;
}

static bool build_pairs(struct builder *builder)
{
    const struct uses *claims = builder->claims;
    struct use *room = calloc(claims->count + 1, sizeof *room);
    if (!room)
        return false;
    for (size_t i = 0, next; i < claims->count; i = next) {
        for (next = i; next < claims->count; next++)
            if (claims->items[next].login != claims->items[i].login ||
                claims->items[next].address != claims->items[i].address)
                break;
        build_pair(builder, claims->items + i, next - i, room);
    }
    free(room);
    count_crowds(builder);
    return count_sprays(builder);
}

static void forget_addresses(struct uses *activity)
{
    for (size_t i = 0; i < activity->count; i++)
        activity->items[i].address = 0;
}

bool evidence_build(struct uses *claims, struct uses *activity, struct evidence_list *ret_list)
{
    struct builder builder = {.claims = claims, .activity = activity};
    forget_addresses(activity);
    uses_settle(activity, uses_by_network);
    builder.short_history = is_short(activity);
    bool built = find_site_networks(&builder, activity);
    uses_settle(activity, uses_by_address);
    uses_settle(claims, uses_by_address);
    builder.pairs = calloc(claims->count + 1, sizeof *builder.pairs);
    builder.strangers = calloc(claims->count + 1, sizeof *builder.strangers);
    built = built && builder.pairs && builder.strangers && build_pairs(&builder);
    free(builder.site_networks);
    free(builder.strangers);
    *ret_list = (struct evidence_list){builder.pairs, builder.pair_count};
    if (!built) {
        free(builder.pairs);
        *ret_list = (struct evidence_list){NULL, 0};
    }
    return built;
}
