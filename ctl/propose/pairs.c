/* From claims to judged pairs. */
#include "ctl/propose/pairs.h"

#include <stdlib.h>

#include "ctl/propose/whose.h"
#include "ctl/propose/writable.h"

#define ARENA_MAX ((size_t)16 << 20) /* for one pair */

struct maker {
    struct gathered *gathered;
    const struct addresses *addresses;
    const struct extensions *extensions;
    const struct senders *senders;
    struct arena *arena; /* cleared for each pair */
    int64_t *sent;       /* messages of each login */
    struct pairs *pairs;
};

static bool ask_today(const struct maker *maker, uint32_t login, uint32_t address,
                      bool *ret_granted, struct error *error)
{
    struct mailbox mailbox;
    struct bytes source;
    arena_clear(maker->arena);
    *ret_granted = false;
    if (!address_parse_plain(maker->arena, names_text(maker->gathered->addresses, address),
                             &mailbox))
        return !arena_failed(maker->arena) || error_set(error, "out of memory");
    enum ownership ownership =
        senders_ask(maker->senders, maker->arena, names_text(maker->gathered->logins, login),
                    &mailbox, &source);
    *ret_granted = ownership == OWNERSHIP_GRANTED;
    return ownership != OWNERSHIP_UNAVAILABLE ||
           error_set(error, "a table of senders does not answer: %.*s", (int)source.len,
                     source.data);
}

/* What was granted since is the login's other mail from here on. */
static bool drop_granted(const struct maker *maker, struct error *error)
{
    struct uses *claims = &maker->gathered->claims;
    size_t kept = 0;
    for (size_t i = 0, next; i < claims->count; i = next) {
        const struct use first = claims->items[i];
        bool granted;
        if (!ask_today(maker, first.login, first.address, &granted, error))
            return false;
        maker->pairs->in_force += granted;
        for (next = i; next < claims->count; next++) {
            if (claims->items[next].login != first.login ||
                claims->items[next].address != first.address)
                break;
            if (!granted)
                claims->items[kept++] = claims->items[next];
        }
    }
    claims->count = kept;
    return true;
}

static int by_address(const void *left, const void *right)
{
    const struct gathered_holder *a = left;
    const struct gathered_holder *b = right;
    USES_ORDER(a->address, b->address);
    return 0;
}

/* The login that sends most of its mail as the address. *ret_shared: others have it too. holders
 * are sorted by address. */
static uint32_t main_holder(const struct maker *maker, uint32_t login, uint32_t address,
                            bool *ret_shared)
{
    const struct gathered *gathered = maker->gathered;
    const struct gathered_holder wanted = {.address = address};
    uint32_t holder_found = NAMES_NONE;
    size_t low = 0;
    size_t high = gathered->holder_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_address(&gathered->holders[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t others = 0;
    for (size_t i = low; i < gathered->holder_count; i++) {
        const struct gathered_holder *holder = &gathered->holders[i];
        if (holder->address != address)
            break;
        others += holder->login != login;
        if (holder->login != login && holder->messages * 2 >= maker->sent[holder->login])
            holder_found = holder->login;
    }
    *ret_shared = others > 1;
    return holder_found;
}

static bool judge(const struct maker *maker, struct pair *pair, struct error *error)
{
    uint32_t address = pair->evidence.address;
    const struct address *known = &maker->addresses->items[address];
    struct judgement_address facts = {.ours = known->ours, .imitates = known->imitates};
    const struct whose_question question = {maker->gathered->logins,
                                            maker->senders,
                                            maker->arena,
                                            pair->evidence.login,
                                            names_text(maker->gathered->addresses, address),
                                            known->ours};
    struct whose whose;
    if (!whose_find(&question, &whose, error))
        return false;
    facts.own = whose.own;
    facts.another_login = whose.anothers;
    pair->owner = whose.owner;
    if (!whose.own && !whose.anothers) {
        pair->owner = main_holder(maker, pair->evidence.login, address, &facts.shared);
        facts.main_of_another = pair->owner != NAMES_NONE;
    }
    judgement_make(&pair->evidence, &facts, &pair->judgement);
    return true;
}

static int by_pair(const void *left, const void *right)
{
    const struct pair *a = left;
    const struct pair *b = right;
    USES_ORDER(a->evidence.login, b->evidence.login);
    USES_ORDER(a->evidence.address, b->evidence.address);
    return 0;
}

static void add_rule(struct pair *pair, const struct gathered_verdict *verdict)
{
    size_t i = 0;
    while (i < pair->rule_count && pair->rules[i].rule != verdict->rule)
        i++;
    if (i == PAIR_RULES)
        return;
    if (i == pair->rule_count)
        pair->rules[pair->rule_count++] = (struct pair_rule){.rule = verdict->rule};
    pair->rules[i].refused += verdict->refused;
    pair->rules[i].would += verdict->would;
}

static void add_rules(const struct maker *maker)
{
    const struct gathered *gathered = maker->gathered;
    struct pairs *pairs = maker->pairs;
    for (size_t i = 0; i < gathered->verdict_count; i++) {
        const struct gathered_verdict *verdict = &gathered->verdicts[i];
        uint32_t address = extensions_address(maker->extensions, verdict->login, verdict->address);
        const struct pair wanted = {.evidence = {.login = verdict->login, .address = address}};
        struct pair *pair = bsearch(&wanted, pairs->items, pairs->count, sizeof wanted, by_pair);
        if (pair)
            add_rule(pair, verdict);
    }
}

static bool judge_list(const struct maker *maker, const struct evidence_list *list,
                       int64_t least_messages, struct error *error)
{
    struct pairs *pairs = maker->pairs;
    for (size_t i = 0; i < list->count; i++) {
        const struct evidence *evidence = &list->items[i];
        pairs->rare += evidence->messages < least_messages;
        if (evidence->messages < least_messages)
            continue;
        struct pair *pair = &pairs->items[pairs->count++];
        pair->evidence = *evidence;
        pair->unwritable = maker->addresses->items[evidence->address].unwritable;
        if (!pair->unwritable)
            pair->unwritable = writable_login(names_text(maker->gathered->logins, evidence->login));
        pair->extensions = extensions_of(maker->extensions, evidence->login, evidence->address);
        if (!judge(maker, pair, error))
            return false;
    }
    return true;
}

static bool judge_all(const struct maker *maker, int64_t least_messages, struct error *error)
{
    struct evidence_list list;
    struct pairs *pairs = maker->pairs;
    for (size_t i = 0; i < maker->gathered->activity.count; i++) {
        const struct use *use = &maker->gathered->activity.items[i];
        maker->sent[use->login] += use->messages;
    }
    if (!evidence_build(&maker->gathered->claims, &maker->gathered->activity, &list))
        return error_set(error, "out of memory");
    if (maker->gathered->holder_count)
        qsort(maker->gathered->holders, maker->gathered->holder_count,
              sizeof *maker->gathered->holders, by_address);
    pairs->items = calloc(list.count + 1, sizeof *pairs->items);
    if (!pairs->items) {
        free(list.items);
        return error_set(error, "out of memory");
    }
    bool judged = judge_list(maker, &list, least_messages, error);
    free(list.items);
    if (judged)
        add_rules(maker);
    return judged;
}

bool pairs_make(struct gathered *gathered, const struct addresses *addresses,
                const struct extensions *extensions, const struct senders *senders,
                int64_t least_messages, struct pairs *ret_pairs, struct error *error)
{
    *ret_pairs = (struct pairs){0};
    struct maker maker = {gathered,
                          addresses,
                          extensions,
                          senders,
                          arena_new(ARENA_MAX),
                          calloc((size_t)names_count(gathered->logins) + 1, sizeof(int64_t)),
                          ret_pairs};
    bool made = (maker.arena && maker.sent) || error_set(error, "out of memory");
    made = made && drop_granted(&maker, error) && judge_all(&maker, least_messages, error);
    arena_free(maker.arena);
    free(maker.sent);
    return made;
}

void pairs_done(struct pairs *pairs)
{
    free(pairs->items);
}
