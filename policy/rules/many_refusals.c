/* Much of what the login wants to send is refused: recipients that don't exist, senders that it may
 * not use. */
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
     .default_value = "20",
     .max = 1000000,
     .help = "How many refused commands, recipients and messages a login may have within an hour; "
             "0: any number."},
    {.name = "max_day",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_day),
     .default_value = "100",
     .max = 1000000,
     .help = "How many within a day; 0: any number."},
    {0}};

static bool is_over(const struct facts *facts, const struct settings *settings, int64_t max,
                    enum window window, struct arena *arena, struct verdict *verdict)
{
    const char *word = window_word(window);
    int64_t refusals = sign_count(facts, QUANTITY_REFUSALS, window);
    if (!max || refusals <= max)
        return false;
    sign_found(
        &settings->sign, word,
        arena_printf(arena, "%lld refusals/%s of %lld", (long long)refusals, word, (long long)max),
        arena_printf(arena, "%lld times within %s %s something from it was refused",
                     (long long)refusals, window == WINDOW_HOUR ? "an" : "a", word),
        arena, verdict);
    return true;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    if (sign_can_be_seen(facts, verdict) &&
        !is_over(facts, settings, settings->max_hour, WINDOW_HOUR, arena, verdict) &&
        !is_over(facts, settings, settings->max_day, WINDOW_DAY, arena, verdict))
        verdict_pass(verdict, NULL);
}

const struct rule rule_many_refusals = {
    .name = "many_refusals",
    .asks = "A sign of theft: whether many of the login's commands, recipients and messages were "
            "refused.",
    SIGN_RULE,
    .early = RULE_STAGE(STAGE_MAIL) | RULE_STAGE(STAGE_RCPT),
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
