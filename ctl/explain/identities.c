/* Ownership in words. */
#include "ctl/explain/identities.h"

#include "ctl/explain/value.h"

static bool is_about(struct bytes rule, const json_t *identity)
{
    static const struct {
        const char *rule, *kind;
    } themes[] = {
        {"envelope", "mail_from"},   {"from", "from"},
        {"sender", "sender"},        {"sender", "resent_from"},
        {"sender", "resent_sender"}, {"display_name", "display_name"},
    };
    for (size_t i = 0; i < sizeof themes / sizeof *themes; i++)
        if (bytes_equal(rule, bytes_of(themes[i].rule)) &&
            value_is(identity, "kind", themes[i].kind))
            return true;
    return false;
}

static void print_source(const char *before, struct bytes source, FILE *out)
{
    fputs(before, out);
    value_print(out, source);
}

static void print_ownership(const json_t *identity, FILE *out)
{
    struct bytes source = value_text(identity, "source");
    bool by_login = bytes_equal(source, BYTES("login"));
    if (value_is(identity, "ownership", "granted")) {
        if (by_login)
            fputs("it is the login's own, no table is set", out);
        else
            print_source("granted by ", source, out);
    } else if (value_is(identity, "ownership", "denied")) {
        if (by_login)
            fputs("it is not the login's own, and no table is set", out);
        else if (source.len)
            print_source("refused by a row that names others: ", source, out);
        else
            fputs("no row of the senders' tables is for it", out);
    } else if (value_is(identity, "ownership", "unavailable")) {
        print_source("a table did not answer: ", source, out);
    } else {
        fputs("nobody was asked whose it is, as there was no login", out);
    }
}

void identities_print(const json_t *record, struct bytes rule, FILE *out)
{
    const json_t *identities = json_object_get(record, "identities");
    for (size_t i = 0; i < json_array_size(identities); i++) {
        const json_t *identity = json_array_get(identities, i);
        if (!is_about(rule, identity))
            continue;
        fprintf(out, "%*s", 30, "");
        value_print(out, value_text(identity, "address"));
        fputs(": ", out);
        print_ownership(identity, out);
        fputc('\n', out);
    }
}
