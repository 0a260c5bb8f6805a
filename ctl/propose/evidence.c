/* Counting, over sorted arrays: each pair's uses, beside what else the login sends. */
#include "ctl/propose/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/propose/other_mail.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* One login's claims from a network in which it is strange. */
struct stranger {
    uint32_t network, login;
    size_t pair;
};

struct builder {
    const struct uses *claims;
    struct other_mail other;
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

static void sort(void *items, size_t count, size_t size, int (*order)(const void *, const void *))
{
    if (count)
        qsort(items, count, size, order);
}

/* The uses of one pair that come from one network. */
static void look_at_network(struct builder *builder, struct evidence *pair,
                            const struct use *claims, size_t count)
{
    pair->networks++;
    if (!pair->other_messages || other_mail_is_known(&builder->other, pair->login, claims->network))
        return;
    pair->strange_networks++;
    for (size_t i = 0; i < count; i++)
        pair->strange_messages += claims[i].messages;
    builder->strangers[builder->stranger_count++] =
        (struct stranger){claims->network, pair->login, (size_t)(pair - builder->pairs)};
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
    const struct use *other = uses_of(&builder->other.uses, pair->login, NULL, &other_count);
    for (size_t i = 0; i < other_count; i++)
        pair->other_messages += other[i].messages;
    pair->roams = other_mail_roams(&builder->other, pair->login);
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

static bool build(struct builder *builder)
{
    size_t count = builder->claims->count;
    builder->pairs = calloc(count + 1, sizeof *builder->pairs);
    builder->strangers = calloc(count + 1, sizeof *builder->strangers);
    return builder->pairs && builder->strangers && build_pairs(builder);
}

bool evidence_build(struct uses *claims, struct uses *activity, struct evidence_list *ret_list)
{
    struct builder builder = {.claims = claims};
    bool built = other_mail_find(claims, activity, &builder.other) && build(&builder);
    other_mail_done(&builder.other);
    free(builder.strangers);
    *ret_list = (struct evidence_list){builder.pairs, builder.pair_count};
    if (!built) {
        free(builder.pairs);
        *ret_list = (struct evidence_list){NULL, 0};
    }
    return built;
}
