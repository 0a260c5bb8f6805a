/* Joining extensions, login by login. */
#include "ctl/propose/extensions.h"

#include <stdlib.h>
#include <string.h>

static int by_base(const void *left, const void *right)
{
    const struct extension *a = left;
    const struct extension *b = right;
    USES_ORDER(a->login, b->login);
    USES_ORDER(a->base, b->base);
    USES_ORDER(a->address, b->address);
    return 0;
}

static int by_address(const void *left, const void *right)
{
    const struct extension *a = left;
    const struct extension *b = right;
    USES_ORDER(a->login, b->login);
    USES_ORDER(a->address, b->address);
    return 0;
}

/* Each login's each address with an extension once; claims are sorted by login and address. */
static void collect(const struct addresses *addresses, const struct uses *claims,
                    struct extensions *extensions)
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct use *use = &claims->items[i];
        uint32_t base = addresses->items[use->address].base;
        if (base == NAMES_NONE ||
            (i && use[-1].login == use->login && use[-1].address == use->address))
            continue;
        extensions->items[extensions->count++] = (struct extension){use->login, use->address, base};
    }
}

static bool is_claimed(const struct uses *claims, uint32_t login, uint32_t address)
{
    size_t low = 0;
    size_t high = claims->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct use *use = &claims->items[middle];
        if (use->login < login || (use->login == login && use->address < address))
            low = middle + 1;
        else
            high = middle;
    }
    return low < claims->count && claims->items[low].login == login &&
           claims->items[low].address == address;
}

/* Keeps those that are joined. */
static void choose(const struct uses *claims, struct extensions *extensions)
{
    struct extension *items = extensions->items;
    size_t kept = 0;
    for (size_t i = 0, next; i < extensions->count; i = next) {
        const struct extension first = items[i];
        for (next = i; next < extensions->count; next++)
            if (items[next].login != first.login || items[next].base != first.base)
                break;
        if (next - i < EXTENSIONS_MANY && !is_claimed(claims, first.login, first.base))
            continue;
        for (size_t j = i; j < next; j++)
            items[kept++] = items[j];
    }
    extensions->count = kept;
}

bool extensions_join(const struct addresses *addresses, struct uses *claims,
                     struct extensions *ret_extensions)
{
    uses_settle(claims, uses_by_address);
    struct extension *items = calloc(claims->count + 1, sizeof *items);
    struct extension *copies = calloc(claims->count + 1, sizeof *items);
    *ret_extensions = (struct extensions){items, copies, 0};
    if (!items || !copies)
        return false;
    collect(addresses, claims, ret_extensions);
    qsort(items, ret_extensions->count, sizeof *items, by_base);
    choose(claims, ret_extensions);
    memcpy(copies, items, ret_extensions->count * sizeof *items);
    qsort(items, ret_extensions->count, sizeof *items, by_address);
    for (size_t i = 0; i < claims->count; i++)
        claims->items[i].address =
            extensions_address(ret_extensions, claims->items[i].login, claims->items[i].address);
    uses_settle(claims, uses_by_address);
    return true;
}

void extensions_done(struct extensions *extensions)
{
    free(extensions->items);
    free(extensions->by_base);
}

uint32_t extensions_address(const struct extensions *extensions, uint32_t login, uint32_t address)
{
    const struct extension wanted = {login, address, 0};
    const struct extension *found =
        bsearch(&wanted, extensions->items, extensions->count, sizeof wanted, by_address);
    return found ? found->base : address;
}

size_t extensions_of(const struct extensions *extensions, uint32_t login, uint32_t base)
{
    const struct extension wanted = {login, 0, base};
    size_t low = 0;
    size_t high = extensions->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_base(&extensions->by_base[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (high < extensions->count && extensions->by_base[high].login == login &&
           extensions->by_base[high].base == base)
        high++;
    return high - low;
}
