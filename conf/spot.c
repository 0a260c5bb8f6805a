/* A walk over the tokens that follows one path and skips the rest. */
#include "conf/spot.h"

#include <string.h>

#include "conf/scan.h"

struct walk {
    struct scan scan;
    struct token token; /* the one that comes next */
    size_t before;      /* where the token before that one ends */
    const struct step *steps;
    size_t count;
    struct spot *spot;
};

/* level: how many steps led here, or OFF the path. */
#define OFF ((size_t)-1)

static bool walk_value(struct walk *walk, size_t level);

static size_t begin_of(const struct walk *walk)
{
    bool end = walk->token.type == TOKEN_END;
    return end ? walk->scan.text.len : (size_t)(walk->token.text.data - walk->scan.text.data);
}

static bool advance(struct walk *walk)
{
    walk->before = walk->scan.at;
    return scan_next(&walk->scan, &walk->token);
}

static bool is_mark(const struct walk *walk, char mark)
{
    return walk->token.type == TOKEN_MARK && walk->token.text.data[0] == mark;
}

/* The blanks that a line begins with. */
static struct span blanks_of_line(struct bytes text, size_t at)
{
    struct span blanks;
    while (at > 0 && text.data[at - 1] != '\n')
        at--;
    blanks.from = blanks.to = at;
    while (blanks.to < text.len && (text.data[blanks.to] == ' ' || text.data[blanks.to] == '\t'))
        blanks.to++;
    return blanks;
}

/* How far its members stand in from a group: bracket and member are places in the text. */
static void learn_unit(struct walk *walk, size_t bracket, struct span member)
{
    struct span outer = blanks_of_line(walk->scan.text, bracket);
    size_t deeper = outer.to - outer.from;
    if (walk->spot->unit.to == 0 && member.to - member.from > deeper)
        walk->spot->unit = (struct span){member.from + deeper, member.to};
}

static bool names(const struct walk *walk, size_t level, struct bytes name)
{
    const char *wanted = level < walk->count ? walk->steps[level].name : NULL;
    return wanted && bytes_equal(name, bytes_of(wanted));
}

static bool counts(const struct walk *walk, size_t level, size_t index)
{
    return level < walk->count && !walk->steps[level].name && walk->steps[level].index == index;
}

/* The setting whose name comes next. */
static bool walk_setting(struct walk *walk, size_t level, struct spot_group *group)
{
    size_t begin = begin_of(walk);
    struct span blanks = blanks_of_line(walk->scan.text, begin);
    size_t below = level != OFF && names(walk, level, walk->token.text) ? level + 1 : OFF;
    if (!advance(walk))
        return false;
    group->last_mark = walk->token.text.data[0];
    if (!advance(walk))
        return false;
    if (is_mark(walk, '{'))
        walk->spot->group_mark = group->last_mark;
    if (!walk_value(walk, below))
        return false;
    bool on_line = blanks.to == begin;
    if (on_line && !group->has_settings && group->inside.from > 0)
        learn_unit(walk, group->inside.from - 1, blanks);
    if (on_line) {
        group->on_lines = true;
        group->indented = blanks;
    }
    group->has_settings = true;
    group->last = (struct span){begin, walk->before};
    group->last_ended = is_mark(walk, ';') || is_mark(walk, ',');
    return !group->last_ended || advance(walk);
}

/* Settings up to the closing bracket or the end, which comes next then. A group deeper on the path
 * has written itself to the spot by the time that this one would. */
static bool walk_settings(struct walk *walk, size_t level, size_t from)
{
    struct spot *spot = walk->spot;
    struct spot_group group = {.inside = {from, from}};
    if (level != OFF)
        spot->depth = level;
    while (walk->token.type == TOKEN_NAME)
        if (!walk_setting(walk, level, &group))
            return false;
    group.inside.to = begin_of(walk);
    if (level == OFF || spot->depth != level)
        return true;
    spot->ends_in_group = true;
    spot->group = group;
    if (!spot->found)
        spot->line = walk->token.line;
    return true;
}

static bool walk_items(struct walk *walk, size_t level)
{
    if (level != OFF)
        walk->spot->depth = level;
    for (size_t i = 0; walk->token.type != TOKEN_MARK || strchr("{[(", walk->token.text.data[0]);
         i++) {
        size_t below = level != OFF && counts(walk, level, i) ? level + 1 : OFF;
        if (walk->token.type == TOKEN_END || !walk_value(walk, below))
            return false;
        if (is_mark(walk, ',') && !advance(walk))
            return false;
    }
    return true;
}

static bool walk_bracket(struct walk *walk, size_t level)
{
    bool group = is_mark(walk, '{');
    size_t inside = begin_of(walk) + 1;
    if (!advance(walk))
        return false;
    return (group ? walk_settings(walk, level, inside) : walk_items(walk, level)) && advance(walk);
}

static bool walk_scalar(struct walk *walk, size_t *ret_parts)
{
    bool text = walk->token.type == TOKEN_TEXT;
    *ret_parts = 0;
    do {
        ++*ret_parts;
        if (!advance(walk))
            return false;
    } while (text && walk->token.type == TOKEN_TEXT);
    return true;
}

static bool walk_value(struct walk *walk, size_t level)
{
    size_t begin = begin_of(walk);
    size_t parts = 1;
    unsigned line = walk->token.line;
    bool wanted = level != OFF && level == walk->count;
    bool bracket = is_mark(walk, '{') || is_mark(walk, '[') || is_mark(walk, '(');
    if (!(bracket ? walk_bracket(walk, wanted ? OFF : level) : walk_scalar(walk, &parts)))
        return false;
    if (!wanted)
        return true;
    walk->spot->found = true;
    walk->spot->value = (struct span){begin, walk->before};
    walk->spot->parts = parts;
    walk->spot->line = line;
    return true;
}

bool spot_find(struct bytes text, const struct step *steps, size_t count, struct spot *ret_spot,
               struct error *error)
{
    struct walk walk = {.steps = steps, .count = count, .spot = ret_spot};
    *ret_spot = (struct spot){.group_mark = ':'};
    error_set(error, "the text is no configuration");
    return scan_begin(&walk.scan, "the text", text, error) && advance(&walk) &&
           walk_settings(&walk, 0, 0) && walk.token.type == TOKEN_END;
}
