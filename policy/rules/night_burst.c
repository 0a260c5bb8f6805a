/* Many messages at an hour at which the login hardly ever sends. */
#include "policy/sign.h"

struct settings {
    struct sign_settings sign;
    int64_t burst;
    int64_t share;
    int64_t messages;
};

static const struct option_row options[] = {
    SIGN_ROWS,
    {.name = "burst",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, burst),
     .default_value = "20",
     .min = 1,
     .max = 1000000,
     .help = "How many messages within an hour at an unusual time of the day are the sign."},
    {.name = "share",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, share),
     .default_value = "20",
     .min = 1,
     .max = 1000,
     .help = "An hour of the day is unusual where fewer than that many of a thousand messages came "
             "in it and the ones beside it."},
    {.name = "messages",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, messages),
     .default_value = "100",
     .min = 1,
     .max = 1000000,
     .help = "How many messages, before the last day's, make a habit."},
    {0}};

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct habit *habit = &facts->limits.habit;
    if (!sign_can_be_seen(facts, verdict))
        return;
    int64_t messages = sign_count(facts, QUANTITY_MESSAGES, WINDOW_HOUR) + 1;
    int64_t before = habit->messages - sign_count(facts, QUANTITY_MESSAGES, WINDOW_DAY);
    verdict_pass(verdict, NULL);
    if (messages < settings->burst || before < settings->messages ||
        habit->hour_permille >= settings->share)
        return;
    sign_found(
        &settings->sign, "unusual-hour",
        arena_printf(arena, "%lld messages/hour of %lld, usually %lld of 1000", (long long)messages,
                     (long long)settings->burst - 1, (long long)habit->hour_permille),
        arena_printf(arena, "it has sent %lld messages at an hour at which it hardly ever sends",
                     (long long)messages),
        arena, verdict);
}

const struct rule rule_night_burst = {
    .name = "night_burst",
    .asks =
        "A sign of theft: whether much is sent at an hour at which the login hardly ever sends.",
    SIGN_RULE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
