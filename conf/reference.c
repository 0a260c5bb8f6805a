/* `submilterctl conf --defaults`: every key with its help, its values and its default, commented
 * out: the file that is shipped. */
#include <string.h>

#include "conf/layout.h"
#include "conf/presets.h"
#include "conf/private.h"
#include "conf/rule_rows.h"
#include "conf/value.h"

static void write_default(const struct layout *layout, const struct option_row *row,
                          const char *preset)
{
    const char *usual = preset ? preset : row->default_value;
    if (!usual && row->type == OPTION_TEXT)
        usual = "\"\"";
    if (usual)
        layout_value(layout, row, usual);
}

static void write_row(struct layout *layout, const struct option_row *row, const char *preset)
{
    layout_separate(layout);
    layout_comment(layout, row->help);
    write_default(layout, row, preset);
}

static void write_section(struct layout *layout, const struct branch *branch)
{
    layout_separate(layout);
    layout_comment(layout, branch->help);
    layout_open(layout, branch->name);
    for (const struct option_row *row = branch->shape->options; row->name; row++)
        write_row(layout, row, NULL);
    layout_close(layout);
}

/* mode and action are explained once for all rules. */
static void write_rule(struct layout *layout, const char *policy, const struct rule *rule,
                       const struct option_row *rows)
{
    layout_separate(layout);
    layout_comment(layout, rule->asks);
    layout_open(layout, rule->name);
    for (size_t i = 0; rows[i].name; i++) {
        const char *preset = preset_find(policy, rule->name, rows[i].name);
        if (i < RULE_WORDS_ROWS)
            write_default(layout, &rows[i], preset);
        else
            write_row(layout, &rows[i], preset);
        layout->begun = true;
    }
    layout_close(layout);
}

static bool same_group(const struct preset *a, const struct preset *b)
{
    return strcmp(a->policy, b->policy) == 0 && strcmp(a->rule, b->rule) == 0;
}

/* Only what sets it apart from the first policy, which shows every key. What is said of one rule
 * stands together: libconfig takes no group twice. */
static void write_presets(struct layout *layout, const char *policy, const char *about)
{
    layout_separate(layout);
    layout_comment(layout, about);
    layout_open(layout, policy);
    for (size_t i = 0; i < preset_count; i++) {
        const struct preset *preset = &presets[i];
        const char *rule = strcmp(preset->rule, "*") == 0 ? "every rule" : preset->rule;
        if (strcmp(preset->policy, policy) != 0)
            continue;
        fprintf(layout->out, "    # %s: { %s = %s;", rule, preset->key, preset->value);
        for (; i + 1 < preset_count && same_group(preset, &presets[i + 1]); i++)
            fprintf(layout->out, " %s = %s;", presets[i + 1].key, presets[i + 1].value);
        fputs(" };\n", layout->out);
    }
    layout_close(layout);
}

static void write_policies(struct layout *layout, const struct schema *schema,
                           const struct branch *branch)
{
    layout_separate(layout);
    layout_comment(layout, branch->help);
    layout_open(layout, branch->name);
    layout_comment(layout, "Users' own mail, from sessions that logged in.");
    layout_open(layout, builtin_policies[0]);
    for (size_t i = 0; i < RULE_COUNT; i++)
        write_rule(layout, builtin_policies[0], rules[i], schema->rules[i]->options);
    layout_close(layout);
    write_presets(layout, builtin_policies[1],
                  "sendmail(1) and web applications on this host. The same rules and keys; these "
                  "begin differently:");
    write_presets(
        layout, builtin_policies[2],
        "Mail from elsewhere: only our own domains are guarded. These begin differently:");
    layout_separate(layout);
    layout_lines(layout, "A policy of your own, for a listener of its own:\n"
                         "printers: { base = \"submission\"; auth: { mode = \"off\"; }; };");
    layout_close(layout);
}

static void write_item(const struct layout *layout, const char *name, const char *help)
{
    char line[1024];
    snprintf(line, sizeof line, "- %s: %s", name, help);
    layout_comment(layout, line);
}

/* Lists of groups are shown as an example, and their keys in front of it. */
static void write_list(struct layout *layout, const struct branch *branch, const char *example)
{
    layout_separate(layout);
    layout_comment(layout, branch->help);
    layout_lines(layout, "\n");
    for (const struct option_row *row = branch->shape->options; row->name; row++)
        write_item(layout, row->name, row->help);
    for (const struct branch *inner = branch->shape->branches; inner->name; inner++)
        write_item(layout, inner->name, inner->help);
    layout_lines(layout, "\n");
    layout_lines(layout, example);
}

static void write_branch(struct layout *layout, const struct schema *schema,
                         const struct branch *branch)
{
    if (strcmp(branch->name, "listeners") == 0)
        write_list(layout, branch, listeners_default);
    else if (strcmp(branch->name, "groups") == 0)
        write_list(layout, branch,
                   "groups: (\n"
                   "  { name = \"lab\"; logins = [ \"bob@example.com\", \"@lab.example.com\" ];\n"
                   "    rules: { tls: { mode = \"observe\"; }; }; }\n"
                   ");");
    else if (strcmp(branch->name, "policies") == 0)
        write_policies(layout, schema, branch);
    else
        write_section(layout, branch);
}

static void write_all(struct layout *layout, const struct schema *schema)
{
    layout_comment(layout,
                   "The configuration of submilter: every key, commented out, with the value that "
                   "holds when it is not written. Begin with the domains.");
    layout_lines(layout, "\n");
    layout_comment(layout,
                   "Files named *.conf in the folder conf.d beside this one are read after it, in "
                   "the order of their names: sections { } merge, everything else replaces, lists "
                   "as a whole. Check with: submilter -n. See what holds, and from where: "
                   "submilterctl conf.");
    layout->begun = true;
    for (const struct option_row *row = top_rows; row->name; row++)
        write_row(layout, row, NULL);
    for (const struct branch *branch = schema->top->branches; branch->name; branch++)
        write_branch(layout, schema, branch);
}

bool settings_print_reference(FILE *out)
{
    struct error error;
    struct schema schema;
    struct layout layout = {.out = out};
    struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
    bool good = arena && schema_new(arena, &schema, &error);
    if (good)
        write_all(&layout, &schema);
    arena_free(arena);
    return good && fflush(out) == 0 && !ferror(out);
}
