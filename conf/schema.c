/* The shapes of the file's groups, made once a load: the rules' ones come out of the list of rules.
 */
#include "conf/schema.h"

#include "conf/rule_rows.h"

static const struct option_row no_options[] = {{0}};
static const struct branch no_branches[] = {{0}};
static const struct shape senders_shape = {senders_rows, no_branches, NULL};
static const struct shape dkim_shape = {dkim_rows, no_branches, NULL};
static const struct shape log_shape = {log_rows, no_branches, NULL};
static const struct shape history_shape = {history_rows, no_branches, NULL};
static const struct shape counters_shape = {counters_rows, no_branches, NULL};
static const struct shape alerts_shape = {alerts_rows, no_branches, NULL};
static const struct shape listener_shape = {listener_rows, no_branches, NULL};

/* Everything that schema_new makes, in one piece. */
struct shapes {
    struct shape top, policies, policy, group, group_rules;
    struct branch top_branches[10];
    struct branch group_branches[2];
    struct branch rule_branches[RULE_COUNT + 1];
    struct shape rules[RULE_COUNT];
};

static bool add_rules(struct shapes *shapes, struct arena *arena, struct schema *schema)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct option_row *rows = rule_rows_new(rules[i], arena);
        if (!rows)
            return false;
        shapes->rules[i] = (struct shape){rows, no_branches, NULL};
        shapes->rule_branches[i] = (struct branch){
            .name = rules[i]->name, .shape = &shapes->rules[i], .help = rules[i]->asks};
        schema->rules[i] = &shapes->rules[i];
    }
    return true;
}

static void add_groups(struct shapes *shapes)
{
    shapes->policy = (struct shape){policy_rows, shapes->rule_branches, NULL};
    shapes->policies = (struct shape){no_options, no_branches, &shapes->policy};
    shapes->group_rules = (struct shape){no_options, shapes->rule_branches, NULL};
    shapes->group_branches[0] =
        (struct branch){.name = "rules",
                        .shape = &shapes->group_rules,
                        .help = "What its members' mail is judged by instead, rule by rule."};
    shapes->group = (struct shape){group_rows, shapes->group_branches, NULL};
}

static void add_top(struct shapes *shapes)
{
    const struct branch branches[] = {
        {"listeners", true, &listener_shape,
         "What kind of traffic is this? The first listener that matches names the policy. A "
         "session "
         "that logged in is submission wherever it came in: listeners whose policy goes back to "
         "local or inbound are not for it, unless they say login = true."},
        {"senders", false, &senders_shape, "Who owns an address."},
        {"policies", false, &shapes->policies,
         "What is asked of a message, rule by rule, for each kind of traffic. Every rule has a "
         "mode "
         "(enforce: it holds; observe: it is judged and recorded as \"would have\", never applied; "
         "off: it is not asked) and an action, which is what a violation leads to."},
        {"groups", true, &shapes->group,
         "Users whose mail is judged by other settings; the first group that a login is in holds."},
        {"dkim", false, &dkim_shape, "Signatures."},
        {"log", false, &log_shape, "The record that every message leaves."},
        {"history", false, &history_shape,
         "The records of the last weeks in a database, which submilterctl looks back into."},
        {"counters", false, &counters_shape,
         "What each login, group, domain, client and network sends is counted, for the rules that "
         "limit it and those that find stolen accounts."},
        {"alerts", false, &alerts_shape,
         "Telling an admin that a login was slowed or frozen, or that it is held back by a limit."},
        {0}};
    for (size_t i = 0; i < sizeof branches / sizeof *branches; i++)
        shapes->top_branches[i] = branches[i];
    shapes->top = (struct shape){top_rows, shapes->top_branches, NULL};
}

bool schema_new(struct arena *arena, struct schema *ret_schema, struct error *error)
{
    struct shapes *shapes = arena_alloc(arena, sizeof *shapes);
    if (!shapes || !add_rules(shapes, arena, ret_schema))
        return error_set(error, "out of memory");
    add_groups(shapes);
    add_top(shapes);
    ret_schema->top = &shapes->top;
    return true;
}
