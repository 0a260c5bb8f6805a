/* Many messages by another mechanism, TLS or mail program than the login's own of a long time. */
#include "policy/sign.h"

struct settings {
    struct sign_settings sign;
    int64_t young;
    int64_t same;
    int64_t messages;
    int64_t clients;
    int64_t burst;
};

static const struct option_row options[] = {
    SIGN_ROWS,
    {.name = "young",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, young),
     .default_value = "\"1d\"",
     .max = INT64_C(3155760000),
     .help = "For how long a client (a mechanism, TLS and mail program) is new to a login."},
    {.name = "same",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, same),
     .default_value = "\"30d\"",
     .max = INT64_C(3155760000),
     .help = "For how long a login has to have sent before its clients are judged."},
    {.name = "messages",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, messages),
     .default_value = "50",
     .max = 1000000,
     .help = "How many messages it has to have sent by its other clients."},
    {.name = "clients",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, clients),
     .default_value = "3",
     .min = 1,
     .max = 1000,
     .help = "A login with more other clients than that within 30 days often has a new one, and is "
             "not judged."},
    {.name = "burst",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, burst),
     .default_value = "10",
     .min = 1,
     .max = 1000000,
     .help = "How many messages by new clients within an hour are the sign."},
    {0}};

/* At most so many of the last hour came by new clients, this one included. */
static int64_t by_new_clients(const struct facts *facts)
{
    const struct habit *habit = &facts->limits.habit;
    int64_t all = sign_count(facts, QUANTITY_MESSAGES, WINDOW_HOUR);
    int64_t by_new = habit->messages - habit->other_client_messages;
    if (by_new < 0)
        return 1;
    return 1 + (by_new < all ? by_new : all);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct habit *habit = &facts->limits.habit;
    if (!sign_can_be_seen(facts, verdict))
        return;
    int64_t others = habit->clients - (habit->client_since != 0);
    int64_t messages = by_new_clients(facts);
    verdict_pass(verdict, NULL);
    if (sign_is_older(facts, habit->client_since, settings->young) ||
        !sign_is_older(facts, habit->since, settings->same) || others > settings->clients ||
        habit->other_client_messages < settings->messages || messages < settings->burst)
        return;
    sign_found(&settings->sign, "changed",
               arena_printf(arena, "%lld messages/hour of %lld", (long long)messages,
                            (long long)settings->burst - 1),
               arena_printf(arena, "it has sent %lld messages by a mail program that is new to it",
                            (long long)messages),
               arena, verdict);
}

const struct rule rule_new_client = {
    .name = "new_client",
    .asks = "A sign of theft: whether much is sent by a client (mechanism, TLS, mail program) that "
            "the login never used, after long sameness.",
    SIGN_RULE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
