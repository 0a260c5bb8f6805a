/* pcre:PATH: patterns tried one after the other, as pcre_table(5) has them.
 *
 * The keys come from the people that the patterns are to keep in bounds, so every match has a
 * ceiling on its steps and its memory; where it is hit there is no answer. No JIT: the interpreter
 * is fast enough, and runs where memory can't be made executable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables/kind.h"
#include "tables/pcre_rules.h"

#define STEPS_MAX 100000
#define DEPTH_MAX 10000
#define HEAP_MAX_KIB 4096
#define TOUR_CEILING ((size_t)256 << 20) /* a file has 16 MiB at most */

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
    if (!pcre_rules_load(path, &pcre->rules, &table->file, error)) {
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

/* The rules one by one, with the ifs that they stand in. */
struct tour {
    const struct table *table;
    struct arena *arena; /* for one rule */
    size_t *ifs;         /* places of rules */
    size_t if_count;
};

static const char *written(struct arena *arena, const struct pcre_rule *rule)
{
    return arena_printf(arena, "%s%.*s%c", rule->negated ? "!" : "", (int)rule->pattern.len,
                        rule->pattern.data, rule->pattern.data[0]);
}

static struct bytes ifs_around(const struct tour *tour)
{
    const char *text = "";
    for (size_t i = 0; i < tour->if_count && text; i++) {
        const struct pcre *pcre = tour->table->state;
        const struct pcre_rule *rule = &pcre->rules.rules[tour->ifs[i]];
        const char *pattern = written(tour->arena, rule);
        if (pattern)
            text = arena_printf(tour->arena, "%s%s%s (line %u)", text, i ? ", " : "", pattern,
                                rule->line);
    }
    return bytes_of(text);
}

/* A part's $ is doubled only where the value varies, as a reader of it tells by that. */
static struct bytes value_written(struct arena *arena, const struct pcre_rule *rule, bool varies)
{
    size_t room = 1;
    for (size_t i = 0; i < rule->part_count; i++)
        room += rule->parts[i].group ? sizeof "${4294967295}" : 2 * rule->parts[i].literal.len;
    char *text = arena_alloc(arena, room);
    size_t len = 0;
    for (size_t i = 0; text && i < rule->part_count; i++) {
        const struct pcre_part *part = &rule->parts[i];
        if (part->group)
            len += (size_t)snprintf(text + len, room - len, "${%u}", part->group);
        for (size_t k = 0; !part->group && k < part->literal.len; k++) {
            text[len++] = part->literal.data[k];
            if (varies && part->literal.data[k] == '$')
                text[len++] = '$';
        }
    }
    return (struct bytes){text, text ? len : 0};
}

static enum table_walk visit_rule(const struct tour *tour, const struct pcre_rule *rule,
                                  const struct table_visitor *visitor)
{
    bool varies = false;
    for (size_t i = 0; i < rule->part_count; i++)
        varies = varies || rule->parts[i].group;
    const struct table_row row = {.key = bytes_of(written(tour->arena, rule)),
                                  .value = value_written(tour->arena, rule, varies),
                                  .varies = varies,
                                  .where = ifs_around(tour),
                                  .place = tour->table->name,
                                  .line = rule->line};
    return arena_failed(tour->arena) ? TABLE_UNREADABLE : table_visit(visitor, &row);
}

static enum table_walk each(const struct table *table, const struct table_visitor *visitor,
                            struct error *error)
{
    const struct pcre_rules *rules = &((const struct pcre *)table->state)->rules;
    struct tour tour = {.table = table,
                        .arena = arena_new(TOUR_CEILING),
                        .ifs = calloc(rules->count + 1, sizeof *tour.ifs)};
    enum table_walk walk = tour.arena && tour.ifs ? TABLE_WALKED : TABLE_UNREADABLE;
    for (size_t i = 0; i < rules->count && walk == TABLE_WALKED; i++) {
        const struct pcre_rule *rule = &rules->rules[i];
        arena_clear(tour.arena);
        if (rule->op == PCRE_IF)
            tour.ifs[tour.if_count++] = i;
        else if (rule->op == PCRE_ENDIF)
            tour.if_count--;
        else
            walk = visit_rule(&tour, rule, visitor);
    }
    arena_free(tour.arena);
    free(tour.ifs);
    if (walk == TABLE_UNREADABLE)
        error_set(error, "%s: out of memory", table->name);
    return walk;
}

const struct table_kind table_kind_pcre = {
    .name = "pcre",
    .patterns = true,
    .open = open_table,
    .find = find,
    .each = each,
    .free = free_state,
};
