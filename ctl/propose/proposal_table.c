/* The table as text. Whatever came from mail is escaped, and stands in a comment unless writable.h
 * says that it can stand in a row. */
#include "ctl/propose/proposal.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/plain.h"
#include "ctl/when.h"

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static struct bytes login_of(const struct proposal *proposal, const struct pair *pair)
{
    return names_text(proposal->gathered.logins, pair->evidence.login);
}

static struct bytes address_of(const struct proposal *proposal, const struct pair *pair)
{
    return names_text(proposal->gathered.addresses, pair->evidence.address);
}

static void write_counts(const struct pair *pair, FILE *out)
{
    const struct evidence *evidence = &pair->evidence;
    char first[WHEN_SIZE], last[WHEN_SIZE];
    when_local(evidence->first, first);
    when_local(evidence->last, last);
    fprintf(out, "#   %" PRId64 " message%s to %" PRId64 " recipient%s, on %u day%s, ",
            evidence->messages, plural(evidence->messages), evidence->recipients,
            plural(evidence->recipients), evidence->days, plural(evidence->days));
    if (evidence->first == evidence->last)
        fprintf(out, "%s", first);
    else
        fprintf(out, "%s to %s", first, last);
    fprintf(out, ", from %u network%s", evidence->networks, plural(evidence->networks));
    if (evidence->strange_networks)
        fprintf(out, " (%u where the login is not known)", evidence->strange_networks);
    if (pair->extensions)
        fprintf(out, ", as %zu address%s with an extension", pair->extensions,
                pair->extensions == 1 ? "" : "es");
    fputc('\n', out);
}

/* What the login would lose without the row, or loses today. */
static void write_rules(const struct proposal *proposal, const struct pair *pair, FILE *out)
{
    if (!pair->rule_count)
        fputs("#   no rule refuses it today, nor would one that is observed\n", out);
    for (size_t i = 0; i < pair->rule_count; i++) {
        const struct pair_rule *rule = &pair->rules[i];
        fputs("#   without it the rule ", out);
        plain_write_value(out, names_text(proposal->gathered.rules, rule->rule));
        if (rule->refused)
            fprintf(out, " refused %" PRId64, rule->refused);
        if (rule->would)
            fprintf(out, "%s would have refused %" PRId64, rule->refused ? " and" : "",
                    rule->would);
        fputs("\n", out);
    }
}

static void write_reasons(const struct proposal *proposal, const struct pair *pair, FILE *out)
{
    const struct judgement *judgement = &pair->judgement;
    for (int i = 0; i < JUDGEMENT_REASONS; i++) {
        if (!judgement_has(judgement, i))
            continue;
        int points = judgement_reason_points(i);
        fprintf(out, "#   %+4d %s: %s\n", points, judgement_reason_word(i),
                judgement_reason_text(i));
    }
    if (pair->owner != NAMES_NONE) {
        fputs("#   that other login: ", out);
        plain_write_value(out, names_text(proposal->gathered.logins, pair->owner));
        fputc('\n', out);
    }
}

static void write_pair(const struct proposal *proposal, const struct pair *pair, FILE *out)
{
    static const char *const verdicts[] = {"habit",
                                           "habit, as far as can be told",
                                           "another person's: ask them, it is theirs to give",
                                           "not in this server's domains",
                                           "suspect: it may be theft",
                                           "it looks like theft"};
    fputs("# ", out);
    plain_write_value(out, login_of(proposal, pair));
    fprintf(out, ": %s (%d points)\n", verdicts[pair->judgement.verdict], pair->judgement.points);
    write_counts(pair, out);
    write_rules(proposal, pair, out);
    write_reasons(proposal, pair, out);
}

/* count: of the pairs. */
static bool write_row(const struct proposal *proposal, const struct proposed_row *row, size_t count,
                      const char *before, struct arena *arena, FILE *out)
{
    const char *value = proposed_value(&proposal->gathered, row, count, arena);
    if (!value)
        return false;
    fprintf(out, "%s%s\t%s\n", before, names_text(proposal->gathered.addresses, row->address).data,
            value);
    return true;
}

static bool write_address(const struct proposal *proposal, const struct proposed_row *row,
                          struct arena *arena, FILE *out)
{
    fputs("\n# ", out);
    plain_write_value(out, names_text(proposal->gathered.addresses, row->address));
    fputc('\n', out);
    if (row->today.len) {
        bool by_name = bytes_equal(row->source, BYTES("login"));
        fputs(by_name ? "# today it is for who logs in as " : "# today it is for ", out);
        plain_write_value(out, row->today);
        fputs(by_name ? "" : ", by ", out);
        plain_write_value(out, by_name ? BYTES("") : row->source);
        fputc('\n', out);
    }
    for (size_t i = 0; i < row->pair_count; i++)
        write_pair(proposal, row->pairs[i], out);
    if (row->unusable) {
        fprintf(out, "# no row: of today's logins one cannot be written here: %s\n", row->unusable);
        return true;
    }
    if (row->granted && !write_row(proposal, row, row->granted, "", arena, out))
        return false;
    if (row->granted == row->pair_count)
        return true;
    if (row->granted)
        fputs("# in its place, only if you know better:\n", out);
    return write_row(proposal, row, row->pair_count, "#? ", arena, out);
}

static void write_head(const struct proposal *proposal, FILE *out)
{
    const struct readiness_extent *extent = &proposal->gathered.extent;
    char now[WHEN_SIZE], first[WHEN_SIZE], last[WHEN_SIZE];
    when_local(when_now(), now);
    when_local(extent->first, first);
    when_local(extent->last, last);
    fprintf(out, "# Who sends as what, and no table grants it. Proposed on %s by\n", now);
    fprintf(out,
            "# submilterctl propose senders, from %" PRId64 " message%s of %" PRId64 " login%s",
            extent->messages, plural(extent->messages), extent->logins, plural(extent->logins));
    if (extent->messages)
        fprintf(out, ",\n# %s to %s", first, last);
    fprintf(out, ". Nothing of it is in force.\n#\n");
    fprintf(out,
            "# %zu row%s; %zu %s commented out with #?: they may be theft, are another\n"
            "# person's own, or not this server's. Ask those people, then take the \"#? \" away, "
            "or leave it.\n",
            proposal_rows(proposal), plural((int64_t)proposal_rows(proposal)),
            proposal_suspects(proposal), proposal_suspects(proposal) == 1 ? "is" : "are");
    if (proposal->pairs.in_force)
        fprintf(out, "# Left out: %zu that today's tables grant, and did not when it was sent.\n",
                proposal->pairs.in_force);
    if (proposal->pairs.rare)
        fprintf(out, "# Left out: %zu with fewer than %" PRId64 " message%s (--min).\n",
                proposal->pairs.rare, proposal->least_messages,
                proposal->least_messages == 1 ? "" : "s");
    fputs("#\n", out);
    proposal_write_advice(proposal, "# ", out);
}

static void write_tail(const struct proposal *proposal, FILE *out)
{
    const struct proposed_rows *rows = &proposal->rows;
    for (size_t i = 0; i < rows->domain_count; i++) {
        const struct proposed_domain *domain = &rows->domains[i];
        fputs("\n# ", out);
        plain_write_value(out, names_text(proposal->gathered.logins, domain->login));
        fprintf(out, " has %zu addresses of ", domain->addresses);
        plain_write_value(out, domain->domain);
        fputs(".\n# A row for all of that domain, which is not proposed, begins with @", out);
        plain_write_value(out, domain->domain);
        fputc('\n', out);
    }
    if (rows->unwritable_count)
        fputs("\n# These cannot stand in such a table:\n", out);
    for (size_t i = 0; i < rows->unwritable_count; i++) {
        const struct pair *pair = rows->unwritable[i];
        fputs("#   ", out);
        plain_write_value(out, login_of(proposal, pair));
        fputs(" as ", out);
        plain_write_value(out, address_of(proposal, pair));
        fprintf(out, ", %" PRId64 " message%s: %s\n", pair->evidence.messages,
                plural(pair->evidence.messages), pair->unwritable);
    }
}

bool proposal_write_table(const struct proposal *proposal, FILE *out, struct error *error)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    bool written = arena != NULL;
    if (written)
        write_head(proposal, out);
    for (size_t i = 0; written && i < proposal->rows.count; i++) {
        arena_clear(arena);
        written = write_address(proposal, &proposal->rows.rows[i], arena, out);
    }
    if (written)
        write_tail(proposal, out);
    arena_free(arena);
    return written || error_set(error, "out of memory");
}
