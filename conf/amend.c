/* Replacing or adding, and looking afterwards whether it was that and no more. */
#include "conf/amend.h"

#include <string.h>

#include "conf/insert.h"
#include "conf/parse.h"
#include "conf/quote.h"

#define WORD 100

static bool same_value(const struct node *a, const struct node *b)
{
    return a->boolean == b->boolean && a->number == b->number && a->real == b->real &&
           (a->text && b->text ? strcmp(a->text, b->text) == 0 : a->text == b->text);
}

static bool same_name(const struct node *a, const struct node *b)
{
    return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name;
}

static bool same(const struct node *a, const struct node *b)
{
    if (a->type != b->type || a->count != b->count || !same_name(a, b) || !same_value(a, b))
        return false;
    const struct node *other = b->first;
    for (const struct node *child = a->first; child; child = child->next, other = other->next)
        if (!same(child, other))
            return false;
    return true;
}

static bool is_step(const struct node *node, const struct step *step)
{
    return step->name ? node->name && strcmp(node->name, step->name) == 0
                      : !node->name && node->index == step->index;
}

/* Whether `after` is `before` with the value at the end of the way; before NULL: what is on the way
 * is new, and nothing else is in it. */
static bool differs_in_that(const struct node *before, const struct node *after,
                            const struct step *steps, size_t count, const char *value)
{
    if (count == 0)
        return after->type == NODE_TEXT && strcmp(after->text, value) == 0 &&
               (!before || before->type == NODE_TEXT);
    const struct node *old = before ? before->first : NULL;
    bool met = false;
    if (before && before->type != after->type)
        return false;
    for (const struct node *child = after->first; child; child = child->next) {
        if (!is_step(child, steps)) {
            if (!old || !same(old, child))
                return false;
            old = old->next;
            continue;
        }
        const struct node *was = old && is_step(old, steps) ? old : NULL;
        if (!differs_in_that(was, child, steps + 1, count - 1, value))
            return false;
        met = true;
        old = was ? was->next : old;
    }
    return met && !old;
}

static bool check(struct arena *arena, struct bytes before, struct bytes after,
                  const struct step *steps, size_t count, const char *value, struct error *error)
{
    struct node *old = NULL;
    struct node *new = NULL;
    if (!parse_text(arena, "before", before, &old, error) ||
        !parse_text(arena, "after", after, &new, error))
        return false;
    return differs_in_that(old, new, steps, count, value) ||
           error_set(error, "the edit would change more than this value");
}

static struct bytes replaced(struct arena *arena, struct bytes text, struct span span,
                             const char *with)
{
    const char *joined = arena_printf(arena, "%.*s%s%.*s", (int)span.from, text.data, with,
                                      (int)(text.len - span.to), text.data + span.to);
    return bytes_of(joined);
}

bool amend_text(struct arena *arena, struct bytes text, const struct step *steps, size_t count,
                const char *value, struct bytes *ret_text, struct error *error)
{
    struct spot spot;
    char quoted[WORD];
    quote_text(value, quoted, sizeof quoted);
    if (!spot_find(text, steps, count, &spot, error))
        return false;
    if (spot.found && spot.parts > 1)
        return error_set(error, "line %u: the value is a text in %zu parts", spot.line, spot.parts);
    if (!spot.found && !spot.ends_in_group)
        return error_set(error, "what it belongs to is no group");
    *ret_text = spot.found ? replaced(arena, text, spot.value, quoted)
                           : insert_setting(arena, text, &spot, steps + spot.depth,
                                            count - spot.depth, quoted);
    if (arena_failed(arena))
        return error_set(error, "memory is out");
    return check(arena, text, *ret_text, steps, count, value, error);
}
