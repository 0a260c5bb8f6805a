/* Choosing the file, and the word. */
#include "conf/reword.h"

#include <string.h>

#include "conf/amend.h"
#include "conf/parse.h"
#include "conf/presets.h"

#define STEPS 5

struct way {
    struct step steps[STEPS];
    size_t count;
};

/* Each file by itself: which of them says it, and which would be heard. */
struct sources {
    struct arena *arena;
    struct file *files;
    const struct node **roots;
    size_t count;
};

static bool read_sources(struct sources *sources, struct error *error)
{
    sources->roots = arena_alloc(sources->arena, sources->count * sizeof(struct node *));
    if (!sources->roots)
        return error_set(error, "memory is out");
    for (size_t i = 0; i < sources->count; i++) {
        struct node *root = NULL;
        const struct file *file = &sources->files[i];
        if (!parse_text(sources->arena, file->path, file->text, &root, error))
            return false;
        sources->roots[i] = root;
    }
    return true;
}

static const struct node *step_from(const struct node *node, const struct step *step)
{
    if (step->name)
        return node_member(node, step->name);
    const struct node *item = node ? node->first : NULL;
    for (size_t i = 0; item && i < step->index; i++)
        item = item->next;
    return item;
}

/* How many steps of the way the file has. */
static size_t reaches(const struct node *root, const struct way *way, const struct node **ret_node)
{
    size_t depth = 0;
    const struct node *node = root;
    while (depth < way->count && (node = step_from(node, &way->steps[depth])))
        depth++;
    *ret_node = node;
    return depth;
}

static bool is_passing(const struct file *file)
{
    return bytes_end_with_nocase(bytes_of(file->path), BYTES("/conf.d/observe.conf"));
}

/* The file to change; ret_said: it says the value. */
static size_t choose(const struct sources *sources, const struct way *way, bool *ret_said)
{
    size_t best = 0;
    size_t most = 0;
    *ret_said = false;
    for (size_t i = 0; i < sources->count; i++) {
        const struct node *node;
        size_t depth = reaches(sources->roots[i], way, &node);
        bool said = depth == way->count;
        if (said || (!*ret_said && depth > most && !is_passing(&sources->files[i]))) {
            best = i;
            most = depth;
            *ret_said = said;
        }
    }
    return best;
}

/* The list of groups is one file's: the last one that has it. */
static bool find_group(const struct sources *sources, const char *name, size_t *ret_file,
                       size_t *ret_index)
{
    const struct node *list = NULL;
    for (size_t i = 0; i < sources->count; i++) {
        const struct node *here = node_member(sources->roots[i], "groups");
        if (here) {
            list = here;
            *ret_file = i;
        }
    }
    for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
        const struct node *called = node_member(item, "name");
        *ret_index = item->index;
        if (called && called->type == NODE_TEXT && strcmp(called->text, name) == 0)
            return true;
    }
    return false;
}

static bool enforces(const char *word)
{
    return strcmp(word, "observe") != 0 && strcmp(word, "off") != 0;
}

/* What the files before that one say, if it is a word that enforces; NULL: nothing. */
static const char *word_below(const struct sources *sources, const struct way *way, size_t file)
{
    while (file-- > 0) {
        const struct node *node;
        if (reaches(sources->roots[file], way, &node) == way->count && node->type == NODE_TEXT &&
            enforces(node->text))
            return node->text;
    }
    return NULL;
}

/* "enforce", or the rule's own word for it that would hold if nothing else were said. */
static const char *enforcing_word(const struct sources *sources, const struct settings *settings,
                                  const struct reword *reword, const struct way *way, size_t file)
{
    const char *base = settings_policy_base(settings, reword->policy);
    const char *below = word_below(sources, way, file);
    if (!below && base && strcmp(base, reword->policy) != 0) {
        struct way of_base = *way;
        of_base.steps[1].name = base;
        below = word_below(sources, &of_base, sources->count);
    }
    const char *preset = base ? preset_find(base, rules[reword->rule]->name, "mode") : NULL;
    if (below || !preset)
        return below ? below : reword->word;
    struct bytes bare = bytes_slice(bytes_of(preset), 1, strlen(preset) - 1);
    const char *word = arena_text(sources->arena, bare);
    return word && enforces(word) ? word : reword->word;
}

static bool refuse(const struct reword *reword, const struct file *file, const char *word,
                   struct error *error)
{
    struct error why = *error;
    return error_set(error,
                     "%s cannot be changed by this command: %s. Write there yourself, %s%s: %s: { "
                     "%s = \"%s\"; };",
                     file->path, why.text,
                     reword->policy ? "in policies, in " : "in groups, in the rules of ",
                     reword->policy ? reword->policy : reword->group, rules[reword->rule]->name,
                     reword->key, word);
}

bool reword_files(struct arena *arena, const struct settings *settings, struct file *files,
                  size_t count, const struct reword *reword, struct error *error)
{
    struct sources sources = {arena, files, NULL, count};
    struct way way = {.count = 4};
    const char *word = reword->word;
    const char *rule = rules[reword->rule]->name;
    size_t file = 0;
    if (!read_sources(&sources, error))
        return false;
    if (reword->policy) {
        bool said;
        const struct step steps[] = {
            {.name = "policies"}, {.name = reword->policy}, {.name = rule}, {.name = reword->key}};
        memcpy(way.steps, steps, sizeof steps);
        file = choose(&sources, &way, &said);
        if (strcmp(reword->key, "mode") == 0 && strcmp(word, "enforce") == 0)
            word = enforcing_word(&sources, settings, reword, &way, said ? file : 0);
    } else {
        size_t index = 0;
        if (!find_group(&sources, reword->group, &file, &index))
            return error_set(error, "there is no group of users \"%s\"", reword->group);
        const struct step steps[STEPS] = {{.name = "groups"},
                                          {.index = index},
                                          {.name = "rules"},
                                          {.name = rule},
                                          {.name = reword->key}};
        memcpy(way.steps, steps, sizeof steps);
        way.count = STEPS;
    }
    struct bytes text;
    if (!amend_text(arena, files[file].text, way.steps, way.count, word, &text, error))
        return refuse(reword, &files[file], word, error);
    files[file].text = text;
    return true;
}
