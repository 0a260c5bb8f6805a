/* The .cf file that Sendmail runs on: its lines, by their first letter. */
#include "mta/sendmail_cf.h"

#include <stdlib.h>
#include <string.h>

#include "mta/sendmail_entry.h"
#include "mta/whole_file.h"

#define MAX_BYTES ((size_t)4 << 20)
#define BLANKS " \t"

/* The next line with those that continue it (they begin with a blank); false after the last. */
static bool next_line(struct bytes text, size_t *at, size_t *number, struct bytes *ret_line)
{
    if (*at >= text.len)
        return false;
    size_t end = *at;
    do {
        end += bytes_find(bytes_slice(text, end, text.len), '\n') + 1;
        (*number)++;
    } while (end < text.len && (text.data[end] == ' ' || text.data[end] == '\t'));
    *ret_line = bytes_slice(text, *at, end);
    *at = end;
    return true;
}

static size_t count_lines(struct bytes text)
{
    struct bytes line;
    size_t count = 0;
    for (size_t at = 0, number = 0; next_line(text, &at, &number, &line);)
        count++;
    return count;
}

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '-';
}

/* "w", "{VirtHost}", "AuthOptions": what the value of this kind of line belongs to. */
static struct bytes name_of(char kind, struct bytes rest)
{
    size_t len = 0;
    if (rest.len && rest.data[0] == '{') {
        len = bytes_find(rest, '}') + 1;
        return bytes_slice(rest, 0, len);
    }
    if (kind == 'D' || kind == 'C' || kind == 'F')
        return bytes_slice(rest, 0, 1);
    while (len < rest.len && is_word(rest.data[len]))
        len++;
    return bytes_slice(rest, 0, len);
}

static void take_line(struct arena *arena, struct sendmail_cf *cf, char kind, struct bytes rest,
                      size_t number)
{
    struct sendmail_line *line = &cf->lines[cf->line_count++];
    if (kind == 'O' || kind == 'K')
        rest = bytes_trim(rest);
    struct bytes name = name_of(kind, rest);
    struct bytes value = bytes_trim(bytes_slice(rest, name.len, rest.len));
    if (name.len == 3 && name.data[0] == '{') /* {w} is w */
        name = bytes_slice(name, 1, 2);
    if (kind == 'O' && value.len && value.data[0] == '=')
        value = bytes_trim(bytes_slice(value, 1, value.len));
    *line = (struct sendmail_line){kind, arena_text(arena, name), arena_text(arena, value), number};
}

/* A daemon's {daemon_name} where it has no Name=; Sendmail calls the only one of all "MTA". */
static void name_daemons(struct arena *arena, struct sendmail_cf *cf)
{
    for (size_t i = 0; i < cf->daemon_count; i++)
        if (cf->daemons[i].name[0] == '\0')
            cf->daemons[i].name = arena_printf(arena, "Daemon%zu", i);
    if (cf->daemon_count == 0)
        cf->daemons[cf->daemon_count++] = (struct sendmail_daemon){
            .name = "Daemon0", .address = "", .modifiers = "", .port = 25, .written = ""};
}

static bool allocate(struct arena *arena, size_t lines, struct sendmail_cf *cf)
{
    *cf = (struct sendmail_cf){
        .lines = arena_alloc(arena, (lines + 1) * sizeof *cf->lines),
        .filters = arena_alloc(arena, (lines + 1) * sizeof *cf->filters),
        .daemons = arena_alloc(arena, (lines + 1) * sizeof *cf->daemons),
        .mailers = arena_alloc(arena, (lines + 1) * sizeof *cf->mailers),
    };
    return !arena_failed(arena);
}

static bool starts_with_option(struct bytes line, struct bytes name)
{
    return bytes_start_with_nocase(bytes_trim(bytes_slice(line, 1, line.len)), name);
}

static bool has(struct bytes line, const char *text)
{
    return bytes_find_nocase(line, bytes_of(text)) < line.len;
}

bool sendmail_cf_parse(struct arena *arena, struct bytes text, struct sendmail_cf *ret_cf)
{
    struct sendmail_cf *cf = ret_cf;
    struct bytes line;
    size_t number = 0;
    if (!allocate(arena, count_lines(text), cf))
        return false;
    for (size_t at = 0, first = 1; next_line(text, &at, &number, &line); first = number + 1) {
        struct bytes rest = bytes_slice(line, 1, line.len);
        if (line.data[0] == 'X')
            sendmail_entry_filter(arena, rest, first, &cf->filters[cf->filter_count++]);
        else if (line.data[0] == 'M')
            sendmail_entry_mailer(arena, rest, first, &cf->mailers[cf->mailer_count++]);
        else if (strchr("DCFKO", line.data[0]) && line.data[0] != '\0')
            take_line(arena, cf, line.data[0], rest, first);
        else if (line.data[0] == 'R' && has(line, "$={Canonify}"))
            cf->no_canonify = true;
        else if (line.data[0] == 'H' && has(line, "From:") && has(line, "$x"))
            cf->takes_full_name = true;
        if (line.data[0] == 'O' && starts_with_option(line, BYTES("DaemonPortOptions")))
            sendmail_entry_daemon(arena, bytes_of(cf->lines[cf->line_count - 1].value), first,
                                  &cf->daemons[cf->daemon_count++]);
        if (arena_failed(arena))
            return false;
    }
    name_daemons(arena, cf);
    return !arena_failed(arena);
}

bool sendmail_cf_read(struct arena *arena, const char *path, struct sendmail_cf *ret_cf,
                      struct error *error)
{
    struct bytes text;
    if (!whole_file_read(arena, path, MAX_BYTES, &text, error))
        return false;
    if (!sendmail_cf_parse(arena, text, ret_cf))
        return error_set(error, "memory is out");
    ret_cf->path = path;
    return true;
}

static const struct sendmail_line *find(const struct sendmail_cf *cf, char kind, const char *name)
{
    for (size_t i = cf->line_count; i > 0; i--)
        if (cf->lines[i - 1].kind == kind && strcmp(cf->lines[i - 1].name, name) == 0)
            return &cf->lines[i - 1];
    return NULL;
}

const char *sendmail_cf_option(const struct sendmail_cf *cf, const char *name)
{
    for (size_t i = cf->line_count; i > 0; i--)
        if (cf->lines[i - 1].kind == 'O' &&
            bytes_equal_nocase(bytes_of(cf->lines[i - 1].name), bytes_of(name)))
            return cf->lines[i - 1].value;
    return NULL;
}

bool sendmail_cf_option_has(const struct sendmail_cf *cf, const char *name, const char *word)
{
    struct bytes value = bytes_of(sendmail_cf_option(cf, name));
    for (size_t at = 0; at < value.len;) {
        size_t len = strcspn(value.data + at, ", \t");
        struct bytes one = bytes_slice(value, at, at + len);
        /* Letters may be written together: "Ap" is "A p". */
        if (strlen(word) == 1 ? bytes_find(one, word[0]) < one.len
                              : bytes_equal_nocase(one, bytes_of(word)))
            return true;
        at += len + 1;
    }
    return false;
}

const char *sendmail_cf_macro(const struct sendmail_cf *cf, const char *name)
{
    const struct sendmail_line *line = find(cf, 'D', name);
    return line ? line->value : NULL;
}

const struct sendmail_line *sendmail_cf_map(const struct sendmail_cf *cf, const char *name)
{
    return find(cf, 'K', name);
}

const struct sendmail_filter *sendmail_cf_filter(const struct sendmail_cf *cf, const char *name)
{
    for (size_t i = 0; i < cf->filter_count; i++)
        if (strcmp(cf->filters[i].name, name) == 0)
            return &cf->filters[i];
    return NULL;
}

const struct sendmail_mailer *sendmail_cf_mailer(const struct sendmail_cf *cf, const char *name)
{
    for (size_t i = 0; i < cf->mailer_count; i++)
        if (strcmp(cf->mailers[i].name, name) == 0)
            return &cf->mailers[i];
    return NULL;
}

bool sendmail_cf_filters_of(struct arena *arena, const struct sendmail_cf *cf,
                            const struct sendmail_daemon *daemon, struct texts *ret_names)
{
    const char *common = sendmail_cf_option(cf, "InputMailFilters");
    if (daemon->own_filters) {
        *ret_names = daemon->filters;
        return true;
    }
    return sendmail_entry_names(arena, bytes_of(common), ret_names);
}

bool sendmail_cf_expands_names(const struct sendmail_cf *cf)
{
    const char *kept = sendmail_cf_option(cf, "DontExpandCnames");
    return !cf->no_canonify && !(kept && strchr("TtYy1", kept[0]));
}

bool sendmail_cf_mends_mime(const struct sendmail_cf *cf)
{
    /* "HEADER/PARAMETER"; a second number that is missing is half of the first, none is 2048. */
    const char *limits = sendmail_cf_option(cf, "MaxMimeHeaderLength");
    const char *second = limits ? strchr(limits, '/') : NULL;
    return !limits || strtol(limits, NULL, 10) > 0 || (second && strtol(second + 1, NULL, 10) > 0);
}

bool sendmail_cf_is_submission(const struct sendmail_daemon *daemon)
{
    return daemon->port == 465 || daemon->port == 587 || strchr(daemon->modifiers, 's') ||
           strchr(daemon->modifiers, 'a');
}

bool sendmail_cf_asks(struct arena *arena, const struct sendmail_cf *cf,
                      const struct sendmail_daemon *daemon, const char *filter)
{
    struct texts names;
    if (!sendmail_cf_filters_of(arena, cf, daemon, &names))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], filter) == 0)
            return true;
    return false;
}

bool sendmail_cf_fails_closed(const struct sendmail_filter *filter)
{
    return strpbrk(filter->flags, "TR4") != NULL;
}

const struct sendmail_filter *sendmail_cf_ours(const struct sendmail_cf *cf, const char *socket)
{
    for (size_t i = 0; i < cf->filter_count; i++)
        if (sendmail_cf_same_place(cf->filters[i].endpoint, socket))
            return &cf->filters[i];
    return sendmail_cf_filter(cf, "submilter");
}
