/* A login that is used from many networks at once. */
#include "policy/sign.h"

struct settings {
    struct sign_settings sign;
    int64_t max_hour;
    int64_t max_day;
};

static const struct option_row options[] = {
    SIGN_ROWS,
    {.name = "max_hour",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_hour),
     .default_value = "4",
     .max = 1000000,
     .help = "From how many networks a login may send within an hour; 0: from any number."},
    {.name = "max_day",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_day),
     .default_value = "10",
     .max = 1000000,
     .help = "From how many within a day; 0: from any number."},
    {0}};

static bool is_over(const struct settings *settings, int64_t networks, int64_t max,
                    enum window window, struct arena *arena, struct verdict *verdict)
{
    const char *word = window_word(window);
    if (!max || networks <= max)
        return false;
    sign_found(
        &settings->sign, word,
        arena_printf(arena, "%lld networks/%s of %lld", (long long)networks, word, (long long)max),
        arena_printf(arena, "it was used from %lld networks within %s %s", (long long)networks,
                     window == WINDOW_HOUR ? "an" : "a", word),
        arena, verdict);
    return true;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct habit *habit = &facts->limits.habit;
    if (sign_can_be_seen(facts, verdict) &&
        !is_over(settings, habit->networks_hour, settings->max_hour, WINDOW_HOUR, arena, verdict) &&
        !is_over(settings, habit->networks_day, settings->max_day, WINDOW_DAY, arena, verdict))
        verdict_pass(verdict, NULL);
}

const struct rule rule_many_networks = {
    .name = "many_networks",
    .asks = "A sign of theft: whether the login is used from many networks at once.",
    SIGN_RULE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
