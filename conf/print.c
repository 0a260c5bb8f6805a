/* `submilterctl conf`: every key's effective value with where it comes from, in a form that loads.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/presets.h"
#include "conf/private.h"
#include "conf/quote.h"

#define ORIGIN_COLUMN 60

struct printer {
    FILE *out;
    int depth;
    char path[200]; /* of the group that is open; empty at the outermost level */
    bool good;
};

/* One value: as it was written, or else a default's text. */
struct value {
    const struct node *node;
    const char *usual;
};

static void print_node(FILE *out, const struct node *node)
{
    if (node->type == NODE_TEXT) {
        quote_write(out, node->text);
    } else if (node->type == NODE_ARRAY || node->type == NODE_LIST) {
        fputs("[", out);
        for (const struct node *item = node->first; item; item = item->next) {
            fputs(item == node->first ? " " : ", ", out);
            print_node(out, item);
        }
        fputs(" ]", out);
    } else {
        char text[100];
        node_describe(node, text, sizeof text);
        bool wide =
            node->type == NODE_NUMBER && (node->number > INT32_MAX || node->number < INT32_MIN);
        fprintf(out, "%s%s", text, wide ? "L" : "");
    }
}

static void print_origin(const struct printer *printer, const struct node *node)
{
    if (node && node->file)
        fprintf(printer->out, " # %s:%u", node->file, node->line);
    else
        fputs(" # default", printer->out);
    if (printer->path[0])
        fprintf(printer->out, " (%s)", printer->path);
    putc('\n', printer->out);
}

static void print_key(struct printer *printer, const char *name, struct value value)
{
    char *text = NULL;
    size_t len = 0;
    FILE *line = open_memstream(&text, &len);
    if (!line) {
        printer->good = false;
        return;
    }
    fprintf(line, "%*s%s = ", printer->depth * 2, "", name);
    if (value.node)
        print_node(line, value.node);
    else
        fputs(value.usual, line);
    putc(';', line);
    if (fclose(line) == 0) {
        fprintf(printer->out, "%-*s", ORIGIN_COLUMN, text);
        print_origin(printer, value.node);
    } else {
        printer->good = false;
    }
    free(text);
}

/* A key that has no default and was not written is left out, or where it is a text printed as "".
 */
static void print_rows(struct printer *printer, const struct option_row *rows,
                       const struct node *group)
{
    for (const struct option_row *row = rows; row->name; row++) {
        struct value value = {node_member(group, row->name), row->default_value};
        if (!value.node && !value.usual && row->type == OPTION_TEXT)
            value.usual = "\"\"";
        if (value.node || value.usual)
            print_key(printer, row->name, value);
    }
}

static void open_group(struct printer *printer, const char *name, const char *bracket,
                       char saved[200])
{
    memcpy(saved, printer->path, sizeof printer->path);
    fprintf(printer->out, "%*s%s%s%s\n", printer->depth * 2, "", name ? name : "", name ? ": " : "",
            bracket);
    if (name) {
        size_t used = strlen(printer->path);
        snprintf(printer->path + used, sizeof printer->path - used, "%s%s", used ? "." : "", name);
    }
    printer->depth++;
}

static void close_group(struct printer *printer, const char *bracket, const char saved[200])
{
    memcpy(printer->path, saved, sizeof printer->path);
    printer->depth--;
    fprintf(printer->out, "%*s%s\n", printer->depth * 2, "", bracket);
}

static void print_section(struct printer *printer, const struct settings *settings,
                          const char *name, const struct option_row *rows)
{
    char saved[200];
    open_group(printer, name, "{", saved);
    print_rows(printer, rows, node_member(settings->private->root, name));
    close_group(printer, "};", saved);
}

/* The rules of one group of users: only what it overrides. */
static void print_overrides(struct printer *printer, const struct settings *settings,
                            const struct node *over)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        char saved[200];
        const struct node *group = node_member(over, rules[i]->name);
        if (!group)
            continue;
        open_group(printer, rules[i]->name, "{", saved);
        for (const struct option_row *row = settings->private->schema.rules[i]->options; row->name;
             row++) {
            struct value value = {node_member(group, row->name), NULL};
            if (value.node)
                print_key(printer, row->name, value);
        }
        close_group(printer, "};", saved);
    }
}

static void print_listeners(struct printer *printer, const struct settings *settings)
{
    char saved[200];
    open_group(printer, "listeners", "(", saved);
    const struct node *list = settings->private->listeners;
    for (const struct node *node = list->first; node; node = node->next) {
        char outer[200];
        open_group(printer, NULL, "{", outer);
        print_rows(printer, listener_rows, node);
        close_group(printer, node->next ? "}," : "}", outer);
    }
    close_group(printer, ");", saved);
}

static void print_groups(struct printer *printer, const struct settings *settings)
{
    char saved[200];
    open_group(printer, "groups", "(", saved);
    for (size_t i = 0; i < settings->private->group_count; i++) {
        char outer[200];
        char inner[200];
        const struct group *group = &settings->private->groups[i];
        open_group(printer, NULL, "{", outer);
        print_rows(printer, group_rows, group->node);
        open_group(printer, "rules", "{", inner);
        print_overrides(printer, settings, group->rules);
        close_group(printer, "};", inner);
        close_group(printer, i + 1 < settings->private->group_count ? "}," : "}", outer);
    }
    close_group(printer, ");", saved);
}

/* Where a rule's key of a policy comes from: the policy, its base, the base's presets, the row. */
static struct value effective(const struct settings *settings, const struct named_policy *policy,
                              const struct rule *rule, const struct option_row *row)
{
    const struct node *node = node_member(node_member(policy->node, rule->name), row->name);
    if (!node) {
        const struct named_policy *base = policies_find(settings, policy->base);
        node = node_member(node_member(base->node, rule->name), row->name);
    }
    const char *preset = preset_find(policy->base, rule->name, row->name);
    struct value value = {node, preset ? preset : row->default_value};
    if (!value.usual && row->type == OPTION_TEXT)
        value.usual = "\"\"";
    return value;
}

static void print_policy(struct printer *printer, const struct settings *settings,
                         const struct named_policy *policy)
{
    char saved[200];
    open_group(printer, policy->name, "{", saved);
    struct value base = {node_member(policy->node, "base"), NULL};
    if (base.node)
        print_key(printer, "base", base);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        char outer[200];
        open_group(printer, rules[i]->name, "{", outer);
        for (const struct option_row *row = settings->private->schema.rules[i]->options; row->name;
             row++) {
            struct value value = effective(settings, policy, rules[i], row);
            if (value.node || value.usual)
                print_key(printer, row->name, value);
        }
        close_group(printer, "};", outer);
    }
    close_group(printer, "};", saved);
}

bool settings_print(const struct settings *settings, FILE *out)
{
    struct printer printer = {.out = out, .good = true};
    char saved[200];
    print_rows(&printer, top_rows, settings->private->root);
    print_listeners(&printer, settings);
    print_section(&printer, settings, "senders", senders_rows);
    open_group(&printer, "policies", "{", saved);
    for (size_t i = 0; i < settings->private->policy_count; i++)
        print_policy(&printer, settings, &settings->private->policies[i]);
    close_group(&printer, "};", saved);
    print_groups(&printer, settings);
    print_section(&printer, settings, "dkim", dkim_rows);
    print_section(&printer, settings, "log", log_rows);
    print_section(&printer, settings, "history", history_rows);
    print_section(&printer, settings, "counters", counters_rows);
    print_section(&printer, settings, "alerts", alerts_rows);
    return fflush(out) == 0 && !ferror(out) && printer.good;
}
