/* Reading who is meant. */
#include "ctl/limits/whom.h"

#include <stdio.h>
#include <string.h>

#include "ctl/plain.h"
#include "gate/counters.h"
#include "history/network.h"
#include "policy/address.h"
#include "policy/arena.h"
#include "policy/login.h"

static bool take(struct whom *whom, enum subject_kind kind, const char *given, struct error *error)
{
    if (whom->given)
        return error_set(error, "\"%.200s\": one of them at a time", given);
    *whom = (struct whom){.kind = kind, .given = given};
    return given[0] || error_set(error, "\"\" is no %s", subject_word(kind));
}

int whom_option(int option, const char *argument, struct whom *whom, struct error *error)
{
    int kind = option - WHOM_OPTIONS;
    if (kind < 0 || kind >= SUBJECT_COUNT)
        return 0;
    return take(whom, (enum subject_kind)kind, argument ? argument : "all", error) ? 1 : -1;
}

bool whom_rest(char **argv, int count, struct whom *whom, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (!take(whom, SUBJECT_LOGIN, argv[i], error))
            return false;
    return whom->given || error_set(error, "whose? A login is expected");
}

static bool settle_address(struct whom *whom, const struct settings *settings, struct arena *arena,
                           struct error *error)
{
    struct network network, counted;
    char text[NETWORK_TEXT_MAX], around[COUNTERS_NETWORK_SIZE];
    if (!network_read(whom->given, &network, error))
        return false;
    network_text(&network, text);
    struct bytes address = bytes_slice(bytes_of(text), 0, bytes_find(bytes_of(text), '/'));
    if (whom->kind == SUBJECT_CLIENT && network.bits < 128)
        return error_set(error, "--client: \"%.200s\" is a network: --network", whom->given);
    if (whom->kind == SUBJECT_NETWORK) {
        address = counters_network(settings, address, around);
        if (!network_read(around, &counted, error))
            return false;
        if (network.bits < counted.bits)
            return error_set(error,
                             "--network: %.200s is wider than what is counted together, like %s "
                             "(counters.network_bits_ipv4, network_bits_ipv6)",
                             whom->given, around);
    }
    whom->name = arena_bytes(arena, address);
    return !arena_failed(arena) || error_set(error, "out of memory");
}

static bool settle_group(const struct whom *whom, const struct settings *settings,
                         struct error *error)
{
    const char *name;
    for (size_t i = 0; (name = settings_group_at(settings, i)); i++)
        if (strcmp(name, whom->given) == 0)
            return true;
    const char *before = "those of the configuration are ";
    error_set(error, "--group: there is no group \"%.200s\"; %s", whom->given,
              settings_group_at(settings, 0) ? "" : "the configuration has none");
    for (size_t i = 0; (name = settings_group_at(settings, i)); i++) {
        size_t len = strlen(error->text);
        snprintf(error->text + len, sizeof error->text - len, "%s%.200s", before, name);
        before = ", ";
    }
    return false;
}

bool whom_settle(struct whom *whom, const struct settings *settings, struct arena *arena,
                 struct error *error)
{
    whom->name = bytes_of(whom->given);
    switch (whom->kind) {
    case SUBJECT_DOMAIN:
        return address_normalise_domain(arena, whom->name, &whom->name) ||
               error_set(error, "--domain: \"%.200s\" is no domain name", whom->given);
    case SUBJECT_CLIENT:
    case SUBJECT_NETWORK:
        return settle_address(whom, settings, arena, error);
    case SUBJECT_GROUP:
        return settle_group(whom, settings, error);
    case SUBJECT_LOGIN:
        whom->name = login_compose(arena, whom->name);
        break;
    case SUBJECT_HOST:
    case SUBJECT_COUNT:
        break;
    }
    return true;
}

void whom_print(const struct whom *whom)
{
    if (whom->kind == SUBJECT_HOST) {
        fputs("all mail", stdout);
        return;
    }
    printf("the %s ", subject_word(whom->kind));
    plain_write_value(stdout, whom->name);
}
