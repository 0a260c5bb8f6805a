/* From the history to rows, step by step. */
#include "ctl/propose/proposal.h"

#define ARENA_MAX ((size_t)1 << 30)

bool proposal_make(struct proposal *proposal, struct history *history,
                   const struct senders *senders, struct error *error)
{
    struct gathered *gathered = &proposal->gathered;
    const struct history_filter filter = {.since = proposal->since, .until = proposal->until};
    proposal->arena = arena_new(ARENA_MAX);
    if (!proposal->arena)
        return error_set(error, "out of memory");
    if (!gather(history, &filter, gathered, error) ||
        !addresses_read(proposal->settings, senders, gathered->addresses, &proposal->addresses,
                        error))
        return false;
    if (!extensions_join(&proposal->addresses, &gathered->claims, &proposal->extensions))
        return error_set(error, "out of memory");
    return pairs_make(gathered, &proposal->addresses, &proposal->extensions, senders,
                      proposal->least_messages, &proposal->pairs, error) &&
           proposed_make(gathered, &proposal->pairs, senders, proposal->arena, &proposal->rows,
                         error);
}

void proposal_done(struct proposal *proposal)
{
    arena_free(proposal->arena);
    pairs_done(&proposal->pairs);
    extensions_done(&proposal->extensions);
    addresses_done(&proposal->addresses);
    gather_done(&proposal->gathered);
}

size_t proposal_rows(const struct proposal *proposal)
{
    size_t count = 0;
    for (size_t i = 0; i < proposal->rows.count; i++)
        count += proposal->rows.rows[i].granted && !proposal->rows.rows[i].unusable;
    return count;
}

size_t proposal_suspects(const struct proposal *proposal)
{
    size_t count = 0;
    for (size_t i = 0; i < proposal->rows.count; i++)
        count += proposal->rows.rows[i].granted < proposal->rows.rows[i].pair_count;
    return count;
}
