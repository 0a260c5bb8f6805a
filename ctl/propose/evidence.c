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
    struct uses claimed; /* the claims of all addresses; by login, network, day */
    struct uses other;   /* mail that claims nothing; likewise */
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

/* Uses of one login in one network; in all networks with NULL. */
static const struct use *uses_of(const struct uses *uses, uint32_t login, const uint32_t *network,
                                 size_t *ret_count)
{
    const struct use *items = uses->items;
    size_t low = 0;
    size_t high = uses->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct use *use = &items[middle];
        if (use->login < login || (use->login == login && network && use->network < *network))
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < uses->count; high++)
        if (items[high].login != login || (network && items[high].network != *network))
            break;
    *ret_count = high - low;
    return items + low;
}

/* other mail, by network and login. */
static bool find_site_networks(struct builder *builder, const struct uses *other)
{
    builder->site_networks = calloc(other->count + 1, sizeof(uint32_t));
    if (!builder->site_networks)
        return false;
    size_t settled = 0;
    for (size_t i = 0, next; i < other->count; i = next) {
        const struct use *items = other->items;
        for (next = i; next < other->count; next++)
            if (items[next].network != items[i].network || items[next].login != items[i].login)
                break;
        settled += next - i >= SETTLED_DAYS;
        bool last_login = next == other->count || items[next].network != items[i].network;
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

static bool is_known_there(const struct builder *builder, size_t days, uint32_t network)
{
    return days >= SETTLED_DAYS || (builder->short_history && days) ||
           is_site_network(builder, network);
}

/* The uses of one pair that come from one network. */
static void look_at_network(struct builder *builder, struct evidence *pair,
                            const struct use *claims, size_t count)
{
    size_t days;
    uses_of(&builder->other, pair->login, &claims->network, &days);
    pair->networks++;
    if (!pair->other_messages || is_known_there(builder, days, claims->network))
        return;
    pair->strange_networks++;
    for (size_t i = 0; i < count; i++)
        pair->strange_messages += claims[i].messages;
    builder->strangers[builder->stranger_count++] =
        (struct stranger){claims->network, pair->login, (size_t)(pair - builder->pairs)};
}

/* other: of one login. A network that it claims from does not count: the thief's own would. */
static bool roams(const struct builder *builder, const struct use *other, size_t count)
{
    size_t networks = 0;
    size_t visited = 0;
    for (size_t i = 0, next; i < count; i = next) {
        size_t claims;
        for (next = i; next < count && other[next].network == other[i].network; next++)
            continue;
        uses_of(&builder->claimed, other->login, &other[i].network, &claims);
        networks += claims == 0;
        visited += claims == 0 && next - i == 1;
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
    size_t other_count;
    const struct use *other = uses_of(&builder->other, pair->login, NULL, &other_count);
    for (size_t i = 0; i < other_count; i++)
        pair->other_messages += other[i].messages;
    pair->roams = roams(builder, other, other_count);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && claims[next].network == claims[i].network; next++)
            continue;
        look_at_network(builder, pair, claims + i, next - i);
    }
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

static void forget_addresses(struct uses *uses)
{
    for (size_t i = 0; i < uses->count; i++)
        uses->items[i].address = 0;
}

/* False when memory is out. */
static bool sum_claims(const struct uses *claims, struct uses *ret_sums)
{
    for (size_t i = 0; i < claims->count; i++)
        if (!uses_add(ret_sums, &claims->items[i]))
            return false;
    forget_addresses(ret_sums);
    uses_settle(ret_sums, uses_by_address);
    return true;
}

/* What is left of the activity without the claims. A message with two claims stands in them twice;
 * of one whose claims were granted since, the activity says that it claims. The lesser number of
 * both is right. False when memory is out. */
static bool find_other(const struct uses *activity, const struct uses *claimed,
                       struct uses *ret_other)
{
    size_t c = 0;
    for (size_t i = 0; i < activity->count; i++) {
        struct use use = activity->items[i];
        while (c < claimed->count && uses_by_address(&claimed->items[c], &use) < 0)
            c++;
        int64_t claims = c < claimed->count && uses_by_address(&claimed->items[c], &use) == 0
                             ? claimed->items[c].messages
                             : 0;
        use.messages -= claims < use.claiming ? claims : use.claiming;
        if (use.messages > 0 && !uses_add(ret_other, &use))
            return false;
    }
    return true;
}

static bool build(struct builder *builder, struct uses *claims, struct uses *activity)
{
    forget_addresses(activity);
    uses_settle(activity, uses_by_address);
    uses_settle(claims, uses_by_address);
    builder->short_history = is_short(activity);
    if (!sum_claims(claims, &builder->claimed) ||
        !find_other(activity, &builder->claimed, &builder->other))
        return false;
    uses_settle(&builder->other, uses_by_network);
    if (!find_site_networks(builder, &builder->other))
        return false;
    uses_settle(&builder->other, uses_by_address);
    builder->pairs = calloc(claims->count + 1, sizeof *builder->pairs);
    builder->strangers = calloc(claims->count + 1, sizeof *builder->strangers);
    return builder->pairs && builder->strangers && build_pairs(builder);
}

bool evidence_build(struct uses *claims, struct uses *activity, struct evidence_list *ret_list)
{
    struct builder builder = {.claims = claims};
    bool built = build(&builder, claims, activity);
    free(builder.claimed.items);
    free(builder.other.items);
    free(builder.site_networks);
    free(builder.strangers);
    *ret_list = (struct evidence_list){builder.pairs, builder.pair_count};
    if (!built) {
        free(builder.pairs);
        *ret_list = (struct evidence_list){NULL, 0};
    }
    return built;
}
