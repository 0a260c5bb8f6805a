/* pcre:PATH: patterns tried one after the other, as pcre_table(5) has them.
 *
 * The keys come from the people that the patterns are to keep in bounds, so every match has a
 * ceiling on its steps and its memory; where it is hit there is no answer. No JIT: the interpreter
 * is fast enough, and runs where memory can't be made executable. */
#include <stdlib.h>
#include <string.h>

#include "tables/kind.h"
#include "tables/pcre_rules.h"

#define STEPS_MAX 100000
#define DEPTH_MAX 10000
#define HEAP_MAX_KIB 4096

struct pcre {
    struct pcre_rules rules;
    pcre2_match_context *limits; /* shared: pcre2_match only reads it */
};

struct query {
    const struct table *table;
    struct arena *arena;
    struct bytes key;
    pcre2_match_data *matches;
    struct table_answer *answer;
};

static void free_state(void *state)
{
    struct pcre *pcre = state;
    pcre_rules_done(&pcre->rules);
    pcre2_match_context_free(pcre->limits);
    free(pcre);
}

static bool open_table(const char *path, struct table *table, struct error *error)
{
    struct pcre *pcre = calloc(1, sizeof *pcre);
    if (pcre)
        pcre->limits = pcre2_match_context_create(NULL);
    if (!pcre || !pcre->limits) {
        free(pcre);
        return error_set(error, "%s: out of memory", path);
    }
    pcre2_set_match_limit(pcre->limits, STEPS_MAX);
    pcre2_set_depth_limit(pcre->limits, DEPTH_MAX);
    pcre2_set_heap_limit(pcre->limits, HEAP_MAX_KIB);
    if (!pcre_rules_load(path, &pcre->rules, error)) {
        free_state(pcre);
        return false;
    }
    table->state = pcre;
    return true;
}

/* What a group matched; nothing where it did not take part. */
static struct bytes group_text(const struct query *query, uint32_t group)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(query->matches) + 2 * (size_t)group;
    if (ends[0] == PCRE2_UNSET)
        return (struct bytes){NULL, 0};
    return bytes_slice(query->key, ends[0], ends[1]);
}

static struct bytes part_text(const struct query *query, const struct pcre_part *part)
{
    return part->group ? group_text(query, part->group) : part->literal;
}

static enum table_result answer(struct query *query, const struct pcre_rule *rule)
{
    size_t len = 0;
    for (size_t i = 0; i < rule->part_count; i++)
        len += part_text(query, &rule->parts[i]).len;
    char *text = arena_alloc(query->arena, len + 1);
    if (!text)
        return TABLE_UNAVAILABLE;
    struct bytes value = {text, len};
    for (size_t i = 0; i < rule->part_count; i++) {
        struct bytes part = part_text(query, &rule->parts[i]);
        if (part.len)
            memcpy(text, part.data, part.len);
        text += part.len;
    }
    return table_found(query->arena, query->answer, value, "%s:%u %s%.*s%c", query->table->name,
                       rule->line, rule->negated ? "!" : "", (int)rule->pattern.len,
                       rule->pattern.data, rule->pattern.data[0]);
}

/* Whether the rule holds; below 0: PCRE2's error. */
static int holds(const struct query *query, const struct pcre_rule *rule)
{
    const struct pcre *pcre = query->table->state;
    int found = pcre2_match(rule->code, (PCRE2_SPTR)query->key.data, query->key.len, 0, 0,
                            query->matches, pcre->limits);
    if (found == PCRE2_ERROR_NOMATCH)
        return rule->negated;
    return found < 0 ? found : !rule->negated;
}

static enum table_result ask(struct query *query)
{
    const struct pcre_rules *rules = &((const struct pcre *)query->table->state)->rules;
    for (size_t i = 0; i < rules->count; i++) {
        const struct pcre_rule *rule = &rules->rules[i];
        if (rule->op == PCRE_ENDIF)
            continue;
        int held = holds(query, rule);
        if (held < 0) {
            PCRE2_UCHAR why[200] = "";
            pcre2_get_error_message(held, why, sizeof why);
            return table_unavailable(query->arena, query->answer, "%s:%u %s", query->table->name,
                                     rule->line, (const char *)why);
        }
        if (rule->op == PCRE_IF && !held)
            i = rule->endif;
        if (rule->op == PCRE_MATCH && held)
            return answer(query, rule);
    }
    return TABLE_ABSENT;
}

static enum table_result find(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer)
{
    const struct pcre *pcre = table->state;
    struct query query = {table, arena, key, NULL, ret_answer};
    query.matches = pcre2_match_data_create(pcre->rules.group_max + 1, NULL);
    if (!query.matches)
        return table_unavailable(arena, ret_answer, "%s: out of memory", table->name);
    enum table_result result = ask(&query);
    pcre2_match_data_free(query.matches);
    return result;
}

const struct table_kind table_kind_pcre = {
    .name = "pcre",
    .patterns = true,
    .open = open_table,
    .find = find,
    .free = free_state,
};
