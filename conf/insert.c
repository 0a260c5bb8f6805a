/* Three places: on a line of its own in a group, within a line, at the end of the file. */
#include "conf/insert.h"

#include <string.h>

struct piece {
    struct arena *arena;
    struct bytes text;
    const struct spot *spot;
};

static const char *part(const struct piece *piece, size_t from, size_t to)
{
    return arena_text(piece->arena, bytes_slice(piece->text, from, to));
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* As the first line ends. */
static const char *line_end(const struct piece *piece)
{
    size_t at = bytes_find(piece->text, '\n');
    bool dos = at > 0 && at < piece->text.len && piece->text.data[at - 1] == '\r';
    return dos ? "\r\n" : "\n";
}

static const char *unit(const struct piece *piece)
{
    struct span unit = piece->spot->unit;
    return unit.to ? part(piece, unit.from, unit.to) : "  ";
}

/* Who leaves out the ; where it may be left out goes on so. */
static bool leaves_out(const struct piece *piece)
{
    return piece->spot->depth && piece->spot->group.has_settings && !piece->spot->group.last_ended;
}

/* a: { b: { mode = "enforce"; }; }; */
static const char *in_one_line(const struct piece *piece, const struct step *names, size_t count,
                               const char *value)
{
    const struct spot_group *group = &piece->spot->group;
    bool colon = count == 1 && piece->spot->depth && group->has_settings && group->last_mark == ':';
    bool by_groups = group->has_settings && piece->text.data[group->last.to - 1] == '}';
    char mark = by_groups ? group->last_mark : piece->spot->group_mark;
    const char *opens = mark == ':' ? ": {" : " = {";
    const char *text =
        arena_printf(piece->arena, "%s%s %s", names[count - 1].name, colon ? ":" : " =", value);
    for (size_t i = count - 1; i-- > 0;)
        text = arena_printf(piece->arena, "%s%s %s; }", names[i].name, opens, text);
    return arena_printf(piece->arena, "%s%s", text, leaves_out(piece) ? "" : ";");
}

/* The text with something else in place of [from, to). */
static struct bytes made_of(const struct piece *piece, size_t from, size_t to, const char *with)
{
    const char *text = arena_printf(piece->arena, "%s%s%s", part(piece, 0, from), with,
                                    part(piece, to, piece->text.len));
    return bytes_of(arena_failed(piece->arena) ? NULL : text);
}

/* What stands before it in the line gets the ; that it lacks. */
static struct bytes in_line(const struct piece *piece, const char *setting)
{
    const struct spot_group *group = &piece->spot->group;
    size_t at = group->inside.to;
    while (at > group->inside.from && is_blank(piece->text.data[at - 1]))
        at--;
    if (leaves_out(piece))
        return made_of(
            piece, group->last.to, at,
            arena_printf(piece->arena, ";%s %s", part(piece, group->last.to, at), setting));
    bool bare = at == group->inside.from && at == group->inside.to; /* {} */
    return made_of(piece, at, at, arena_printf(piece->arena, " %s%s", setting, bare ? " " : ""));
}

static struct bytes on_line(const struct piece *piece, size_t line, const char *setting)
{
    const struct spot_group *group = &piece->spot->group;
    const char *blanks =
        group->on_lines
            ? part(piece, group->indented.from, group->indented.to)
            : arena_printf(piece->arena, "%s%s", part(piece, line, group->inside.to), unit(piece));
    return made_of(piece, line, line,
                   arena_printf(piece->arena, "%s%s%s", blanks, setting, line_end(piece)));
}

static bool ends_in_blank_line(struct bytes text)
{
    size_t ends = 0;
    for (size_t i = text.len; i > 0 && ends < 2; i--) {
        if (!strchr(" \t\r\n", text.data[i - 1]))
            return false;
        ends += text.data[i - 1] == '\n';
    }
    return true;
}

static struct bytes at_end(const struct piece *piece, const struct step *names, size_t count,
                           const char *value)
{
    const char *end = line_end(piece);
    bool whole = !piece->text.len || piece->text.data[piece->text.len - 1] == '\n';
    const char *mark = piece->spot->group_mark == ':' ? ":" : " =";
    const char *setting =
        count == 1
            ? in_one_line(piece, names, count, value)
            : arena_printf(piece->arena, "%s%s {%s%s%s%s};", names[0].name, mark, end, unit(piece),
                           in_one_line(piece, names + 1, count - 1, value), end);
    return made_of(piece, piece->text.len, piece->text.len,
                   arena_printf(piece->arena, "%s%s%s%s", whole ? "" : end,
                                ends_in_blank_line(piece->text) ? "" : end, setting, end));
}

struct bytes insert_setting(struct arena *arena, struct bytes text, const struct spot *spot,
                            const struct step *names, size_t count, const char *value)
{
    const struct piece piece = {arena, text, spot};
    if (spot->depth == 0)
        return at_end(&piece, names, count, value);
    const char *setting = in_one_line(&piece, names, count, value);
    size_t line = spot->group.inside.to;
    while (line > spot->group.inside.from && is_blank(text.data[line - 1]))
        line--;
    bool own_line = line > spot->group.inside.from && text.data[line - 1] == '\n';
    return own_line ? on_line(&piece, line, setting) : in_line(&piece, setting);
}
