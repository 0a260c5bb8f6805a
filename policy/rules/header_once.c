/* Fields, and parameters of Content-Type, that may stand once only: of two, readers pick either.
 * From is the rule from's. */
#include "policy/claim.h"
#include "policy/header.h"
#include "policy/parameter.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    struct texts fields;
    struct texts tolerated;
    bool parameters;
};

static const struct option_row options[] = {
    {.name = "fields",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, fields),
     .default_value =
         "[ \"Sender\", \"Reply-To\", \"To\", \"Cc\", \"Bcc\", \"Subject\", \"Date\", "
         "\"Message-ID\", \"In-Reply-To\", \"References\", \"MIME-Version\", \"Content-Type\", "
         "\"Content-Transfer-Encoding\", \"Content-Disposition\", \"Content-ID\", "
         "\"Content-Description\" ]",
     .max = 100,
     .help =
         "Fields that a message may have once only (RFC 5322 3.6, RFC 2045); a \"*\" at a "
         "name's end stands for anything. A name that is one of them but for special characters "
         "(\">Subject\", \"Date,\") is refused even alone, as some programs pass over those.",
     .check = header_check_pattern},
    {.name = "tolerated",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, tolerated),
     .default_value = "[ ]",
     .max = 100,
     .help = "Those of `fields` that are let pass when repeated, or with special characters in "
             "their names, for programs that cannot be mended: \"To\", \"Cc\", \"Date\" and "
             "\"Message-ID\" are the ones that real programs repeat.",
     .check = header_check_pattern},
    {.name = "parameters",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, parameters),
     .default_value = "true",
     .help =
         "Refuses a Content-Type whose boundary or charset is given twice with different texts, "
         "also where one is RFC 2231's."},
    {0}};

/* Whether the name is a listed one but for what some readers pass over. Alone it is refused, too:
 * the MTA or the rules date and message_id may add the one that it reads as. */
static bool is_disguised(const struct settings *settings, struct bytes written, struct arena *arena)
{
    if (!claim_has_specials(written) || header_is_listed(&settings->tolerated, written))
        return false;
    struct bytes name = claim_without_specials(arena, written);
    return header_is_listed(&settings->fields, name) &&
           !header_is_listed(&settings->tolerated, name);
}

/* Returns whether it refused. */
static bool judge_fields(const struct facts_header *header, const struct settings *settings,
                         struct arena *arena, struct verdict *verdict)
{
    for (size_t i = 0; i < header->count; i++) {
        const struct field *field = &header->fields[i];
        struct bytes name = field->name;
        if (field->instance > 1 && header_is_listed(&settings->fields, name) &&
            !header_is_listed(&settings->tolerated, name))
            verdict_violation(verdict, arena, "repeated", 554, "5.6.0",
                              "The message has the header field %.*s twice: it may have one only, "
                              "take the others out",
                              CLAIM_SHOWN(name));
        else if (is_disguised(settings, name, arena))
            verdict_violation(verdict, arena, "disguised-field", 554, "5.6.0",
                              "Some programs read the header field %.*s as one without the special "
                              "characters in its name: take them out",
                              CLAIM_SHOWN(name));
        else
            continue;
        verdict->fact = name;
        return true;
    }
    return false;
}

/* The parameters by which readers cut and decode the body. File names go both ways by custom, and
 * steer nothing. */
static const struct {
    const char *name;
    bool in_any_case; /* what readers compare its value in */
} steering[] = {{"boundary", false}, {"charset", true}};
#define STEERING (sizeof steering / sizeof *steering)

/* Whether any of them can be there twice at all: nearly every message is spared the parsing. */
static bool names_one_twice(struct bytes value)
{
    for (size_t i = 0; i < STEERING; i++) {
        struct bytes name = bytes_of(steering[i].name);
        size_t at = bytes_find_nocase(value, name);
        struct bytes rest = bytes_slice(value, at + name.len, value.len);
        if (bytes_find_nocase(rest, name) < rest.len)
            return true;
    }
    return false;
}

/* Once more with the same value, as some old programs write, it means the same to all readers. */
static const struct parameter *find_doubtful(const struct parameter_list *list)
{
    for (size_t i = 0; i < STEERING; i++) {
        const struct parameter *parameter = parameter_find(list, bytes_of(steering[i].name));
        if (parameter && (parameter->differs || parameter->contradictory ||
                          (parameter->differs_in_case && !steering[i].in_any_case)))
            return parameter;
    }
    return NULL;
}

static void judge_parameters(const struct facts *facts, struct arena *arena,
                             struct verdict *verdict)
{
    const struct field *field = facts_field(&facts->header, BYTES("Content-Type"), 0);
    struct parameter_list list;
    if (!field || !names_one_twice(field->value) || !parameter_parse(arena, field->value, &list))
        return;
    const struct parameter *parameter = find_doubtful(&list);
    if (!parameter)
        return;
    verdict->fact = parameter->name;
    verdict_violation(verdict, arena, "parameter", 554, "5.6.0",
                      "The Content-Type field gives its %.*s twice: leave one of them",
                      (int)parameter->name.len, parameter->name.data);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    if (judge_fields(&facts->header, settings, arena, verdict))
        return;
    verdict_pass(verdict, NULL);
    if (settings->parameters)
        judge_parameters(facts, arena, verdict);
}

const struct rule rule_header_once = {
    .name = "header_once",
    .asks =
        "Whether fields that RFC 5322 and RFC 2045 allow once stand once, and Content-Type gives "
        "no two boundaries or charsets.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
