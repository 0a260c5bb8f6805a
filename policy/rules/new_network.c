/* Many messages from a network from which the login was never used before. */
#include "policy/sign.h"

struct settings {
    struct sign_settings sign;
    int64_t young;
    int64_t known;
    int64_t burst;
};

static const struct option_row options[] = {
    SIGN_ROWS,
    {.name = "young",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, young),
     .default_value = "\"1d\"",
     .max = INT64_C(3155760000),
     .help = "For how long after the login's first message from it a network is new."},
    {.name = "known",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, known),
     .default_value = "\"7d\"",
     .max = INT64_C(3155760000),
     .help = "For how long a login has to have sent before its networks are judged."},
    {.name = "burst",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, burst),
     .default_value = "20",
     .min = 1,
     .max = 1000000,
     .help = "How many messages from a new network within an hour are the sign."},
    {0}};

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct habit *habit = &facts->limits.habit;
    struct bytes network = facts->limits.subjects[SUBJECT_NETWORK].name;
    if (!sign_can_be_seen(facts, verdict))
        return;
    int64_t messages = habit->network_hour + 1;
    verdict_pass(verdict, NULL);
    if (!network.len || messages < settings->burst ||
        !sign_is_older(facts, habit->since, settings->known) ||
        sign_is_older(facts, habit->network_since, settings->young))
        return;
    sign_found(&settings->sign, "burst",
               arena_printf(arena, "%.*s %lld messages/hour of %lld", (int)network.len,
                            network.data, (long long)messages, (long long)settings->burst - 1),
               arena_printf(arena, "it has sent %lld messages from a network that is new to it",
                            (long long)messages),
               arena, verdict);
}

const struct rule rule_new_network = {
    .name = "new_network",
    .asks = "A sign of theft: whether much is sent from a network that the login never used.",
    SIGN_RULE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
