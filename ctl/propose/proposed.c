/* Sorting pairs into rows, and adding whom the tables name today. */
#include "ctl/propose/proposed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/propose/writable.h"
#include "tables/owners.h"

struct maker {
    const struct gathered *gathered;
    const struct senders *senders;
    struct arena *arena;
    struct arena *scratch; /* cleared for each row */
    struct proposed_rows *rows;
};

static int compare_text(struct bytes a, struct bytes b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (a.data[i] != b.data[i])
            return (unsigned char)a.data[i] < (unsigned char)b.data[i] ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

struct placed {
    const struct pair *pair;
    struct bytes local, domain;
};

/* By domain, then local part; habits before suspects; the more messages the sooner. */
static int by_place(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    int order = compare_text(a->domain, b->domain);
    if (order == 0)
        order = compare_text(a->local, b->local);
    if (order != 0)
        return order;
    USES_ORDER(judgement_holds_back(&a->pair->judgement),
               judgement_holds_back(&b->pair->judgement));
    USES_ORDER(b->pair->evidence.messages, a->pair->evidence.messages);
    USES_ORDER(a->pair->evidence.login, b->pair->evidence.login);
    return 0;
}

static int by_login_domain(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    USES_ORDER(a->pair->evidence.login, b->pair->evidence.login);
    return compare_text(a->domain, b->domain);
}

static struct placed place(const struct gathered *gathered, const struct pair *pair)
{
    struct bytes address = names_text(gathered->addresses, pair->evidence.address);
    size_t at = bytes_find(address, '@');
    return (struct placed){pair, bytes_slice(address, 0, at),
                           bytes_slice(address, at + 1, address.len)};
}

/* Joins today's logins as they are visited. */
struct joining {
    struct arena *arena;
    FILE *value;
    size_t count;
    struct bytes source;
    const char *unusable;
};

static bool join_login(void *context, const struct owner *owner)
{
    struct joining *joining = context;
    if (owner->hidden)
        return false;
    joining->source = owner->source;
    if (!owner->login.len)
        return true;
    const char *why = writable_login(owner->login);
    if (why)
        joining->unusable = why;
    fputs(joining->count++ ? ", " : "", joining->value);
    fwrite(owner->login.data, 1, owner->login.len, joining->value);
    return true;
}

static bool join_today(const struct maker *maker, struct bytes address, struct joining *joining,
                       struct error *error)
{
    struct mailbox mailbox;
    struct bytes reason;
    if (!address_parse_plain(maker->scratch, address, &mailbox))
        return error_set(error, "out of memory");
    if (owners_each(maker->senders, maker->scratch, &mailbox, join_login, joining, &reason) ==
        TABLE_UNAVAILABLE)
        return error_set(error, "a table of senders does not answer: %.*s", (int)reason.len,
                         reason.data);
    return !arena_failed(maker->scratch) || error_set(error, "out of memory");
}

static bool add_today(const struct maker *maker, struct proposed_row *row, struct error *error)
{
    char *value = NULL;
    size_t len = 0;
    struct joining joining = {.arena = maker->scratch, .value = open_memstream(&value, &len)};
    if (!joining.value)
        return error_set(error, "out of memory");
    arena_clear(maker->scratch);
    bool joined =
        join_today(maker, names_text(maker->gathered->addresses, row->address), &joining, error);
    bool written = fclose(joining.value) == 0;
    if (joined && written) {
        row->today = arena_bytes(maker->arena, (struct bytes){value, len});
        row->source = arena_bytes(maker->arena, joining.source);
        row->unusable = joining.unusable;
    }
    free(value);
    if (joined && (!written || arena_failed(maker->arena)))
        return error_set(error, "out of memory");
    return joined;
}

static bool add_row(const struct maker *maker, const struct placed *placed, size_t count,
                    struct error *error)
{
    const struct pair **pairs = arena_alloc(maker->arena, count * sizeof(struct pair *));
    struct proposed_row *row = &maker->rows->rows[maker->rows->count++];
    if (!pairs)
        return error_set(error, "out of memory");
    *row = (struct proposed_row){
        .address = placed->pair->evidence.address, .pairs = pairs, .pair_count = count};
    for (size_t i = 0; i < count; i++) {
        pairs[i] = placed[i].pair;
        row->granted += !judgement_holds_back(&placed[i].pair->judgement);
    }
    return add_today(maker, row, error);
}

static bool add_rows(const struct maker *maker, struct placed *placed, size_t count,
                     struct error *error)
{
    qsort(placed, count, sizeof *placed, by_place);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count; next++)
            if (placed[next].pair->evidence.address != placed[i].pair->evidence.address)
                break;
        if (!add_row(maker, placed + i, next - i, error))
            return false;
    }
    return true;
}

/* What a habit of many addresses may lead somebody to. */
static void find_domains(const struct maker *maker, struct placed *placed, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!judgement_holds_back(&placed[i].pair->judgement))
            placed[kept++] = placed[i];
    qsort(placed, kept, sizeof *placed, by_login_domain);
    for (size_t i = 0, next; i < kept; i = next) {
        for (next = i; next < kept && by_login_domain(&placed[i], &placed[next]) == 0; next++)
            continue;
        if (next - i >= PROPOSED_WHOLE_DOMAIN)
            maker->rows->domains[maker->rows->domain_count++] = (struct proposed_domain){
                placed[i].pair->evidence.login, placed[i].domain, next - i};
    }
}

static bool make(const struct maker *maker, const struct pairs *pairs, struct placed *placed,
                 struct error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->items[i];
        if (pair->unwritable)
            maker->rows->unwritable[maker->rows->unwritable_count++] = pair;
        else
            placed[count++] = place(maker->gathered, pair);
    }
    if (!count)
        return true;
    if (!add_rows(maker, placed, count, error))
        return false;
    find_domains(maker, placed, count);
    return true;
}

bool proposed_make(const struct gathered *gathered, const struct pairs *pairs,
                   const struct senders *senders, struct arena *arena,
                   struct proposed_rows *ret_rows, struct error *error)
{
    struct placed *placed = calloc(pairs->count + 1, sizeof *placed);
    struct maker maker = {gathered, senders, arena, arena_new((size_t)64 << 20), ret_rows};
    *ret_rows = (struct proposed_rows){
        .rows = arena_alloc(arena, pairs->count * sizeof(struct proposed_row)),
        .unwritable = arena_alloc(arena, pairs->count * sizeof(struct pair *)),
        .domains = arena_alloc(arena, pairs->count * sizeof(struct proposed_domain)),
    };
    bool made =
        (placed && maker.scratch && !arena_failed(arena)) || error_set(error, "out of memory");
    made = made && make(&maker, pairs, placed, error);
    arena_free(maker.scratch);
    free(placed);
    return made;
}

const char *proposed_value(const struct gathered *gathered, const struct proposed_row *row,
                           size_t count, struct arena *arena)
{
    size_t size = row->today.len + 1;
    for (size_t i = 0; i < count; i++)
        size += names_text(gathered->logins, row->pairs[i]->evidence.login).len + 2;
    char *value = arena_alloc(arena, size);
    if (!value)
        return NULL;
    size_t len = row->today.len;
    if (len)
        memcpy(value, row->today.data, len);
    for (size_t i = 0; i < count; i++) {
        struct bytes login = names_text(gathered->logins, row->pairs[i]->evidence.login);
        if (len) {
            value[len++] = ',';
            value[len++] = ' ';
        }
        memcpy(value + len, login.data, login.len);
        len += login.len;
    }
    return value;
}
