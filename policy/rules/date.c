/* A Date field, which receivers sort by and RFC 5322 asks for. */
#include "policy/date.h"

#include <stdlib.h>

#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int64_t max_past;
    int64_t max_future;
};

static const struct option_row options[] = {
    {.name = "max_past",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, max_past),
     .default_value = "\"7d\"",
     .max = INT64_C(3155760000),
     .help = "How old a date may be before the record notes it (\"far-past\"); 0 asks nothing."},
    {.name = "max_future",
     .type = OPTION_DURATION,
     .offset = offsetof(struct settings, max_future),
     .default_value = "\"1d\"",
     .max = INT64_C(3155760000),
     .help = "How far ahead a date may lie before the record notes it (\"far-future\"); 0 asks "
             "nothing."},
    {0}};

static void judge_missing(const struct facts *facts, struct arena *arena, struct verdict *verdict)
{
    char text[DATE_TEXT_SIZE];
    date_format(facts->now, text);
    const char *value = arena_printf(arena, " %s", text);
    if (value)
        verdict_add_field(verdict, arena, BYTES("Date"), bytes_of(value));
    verdict_violation(verdict, arena, "missing", 554, "5.6.0",
                      "The message has no Date field: have your mail program write one");
}

/* A wrong date is noted and stays: it is what the sender's clock said. */
static void judge_value(const struct facts *facts, const struct settings *settings,
                        struct bytes value, struct arena *arena, struct verdict *verdict)
{
    verdict->fact = bytes_slice(bytes_trim(value), 0, 80);
    int64_t seconds;
    if (!date_parse(value, &seconds))
        verdict_violation(verdict, arena, "unreadable", 554, "5.6.0",
                          "The Date field is no date: have your mail program write it like \"Mon, "
                          "1 Jan 2024 12:00:00 +0100\"");
    else if (settings->max_past && facts->now - seconds > settings->max_past)
        verdict_violation(verdict, arena, "far-past", 554, "5.6.0",
                          "The Date field lies far back: check your computer's clock");
    else if (settings->max_future && seconds - facts->now > settings->max_future)
        verdict_violation(verdict, arena, "far-future", 554, "5.6.0",
                          "The Date field lies in the future: check your computer's clock");
    else
        verdict_pass(verdict, NULL);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct field *field = facts_field(&facts->header, BYTES("Date"), 0);
    if (field)
        judge_value(facts, generic, field->value, arena, verdict);
    else
        judge_missing(facts, arena, verdict);
}

const struct rule rule_date = {
    .name = "date",
    .asks = "Whether there is a Date field; a missing one is added, one that is far off is noted.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
