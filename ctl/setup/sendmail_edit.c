/* The .mc file with submilter in it. */
#include <string.h>

#include "ctl/setup/sendmail_parts.h"
#include "mta/endpoint.h"

#define NAME "submilter"
/* A moment longer than submilter itself waits for what it asks (F=T: mail waits with the client).
 */
#define EQUATES "F=T, T=C:30s;S:30s;R:60s;E:5m"

struct edit {
    struct arena *arena;
    const struct sendmail_site *site;
    struct sendmail_mc mc; /* as changed so far */
};

/* Puts a text in the place of mc.text[begin, end). */
static bool splice(struct edit *edit, size_t begin, size_t end, const char *with)
{
    struct bytes old = edit->mc.text;
    const char *text = with ? arena_printf(edit->arena, "%.*s%s%.*s", (int)begin, old.data, with,
                                           (int)(old.len - end), old.data + end)
                            : NULL;
    return text && sendmail_mc_parse(edit->arena, bytes_of(text), &edit->mc);
}

static size_t line_begin(struct bytes text, size_t at)
{
    while (at > 0 && text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(struct bytes text, size_t at)
{
    size_t end = at + bytes_find(bytes_slice(text, at, text.len), '\n') + 1;
    return end < text.len ? end : text.len;
}

static bool is_about_filters(const struct mc_call *call)
{
    return strcmp(call->name, "INPUT_MAIL_FILTER") == 0 || strcmp(call->name, "MAIL_FILTER") == 0 ||
           (strcmp(call->name, "define") == 0 &&
            strcmp(mc_call_argument(call, 0), "confINPUT_MAIL_FILTERS") == 0);
}

/* Behind all that names filters, so that submilter sees, and signs, what they made of a message;
 * else before the mailers. */
static size_t place_of(const struct sendmail_mc *mc)
{
    const struct mc_call *mailer = NULL;
    for (size_t i = mc->count; i > 0; i--) {
        const struct mc_call *call = &mc->calls[i - 1];
        if (is_about_filters(call))
            return line_end(mc->text, call->end);
        if (strcmp(call->name, "MAILER") == 0 || strcmp(call->name, "MAILER_DEFINITIONS") == 0)
            mailer = call;
    }
    return mailer ? line_begin(mc->text, mailer->begin) : mc->text.len;
}

static bool insert_at(struct edit *edit, size_t at, const char *line)
{
    struct bytes text = edit->mc.text;
    bool ended = at == 0 || text.data[at - 1] == '\n';
    return splice(edit, at, at, arena_printf(edit->arena, "%s%s\n", ended ? "" : "\n", line));
}

static bool insert(struct edit *edit, const char *line)
{
    return insert_at(edit, place_of(&edit->mc), line);
}

/* The call that makes a filter what it is. */
static const struct mc_call *definition(const struct sendmail_mc *mc, const char *name)
{
    const struct mc_call *call = sendmail_mc_last(mc, "INPUT_MAIL_FILTER", name);
    return call ? call : sendmail_mc_last(mc, "MAIL_FILTER", name);
}

static bool define_filter(struct edit *edit, const struct sendmail_filter *filter,
                          const char *socket, struct error *error)
{
    const char *name = filter ? filter->name : NAME;
    bool same = filter && sendmail_cf_same_place(filter->endpoint, socket);
    if (filter && same && sendmail_cf_fails_closed(filter))
        return true;
    const struct mc_call *call = filter ? definition(&edit->mc, name) : NULL;
    if (filter && !call)
        return error_set(error,
                         "%s: the filter %s is defined in a file that %s includes, as S=%s, F=%s: "
                         "give it S=%s, F=T there",
                         edit->site->cf.path, name, edit->mc.path, filter->endpoint, filter->flags,
                         endpoint_for_sendmail(edit->arena, socket));
    const char *written = arena_printf(edit->arena, "%s(`%s', `S=%s, " EQUATES "')",
                                       call ? call->name : "INPUT_MAIL_FILTER", name,
                                       endpoint_for_sendmail(edit->arena, socket));
    bool done = call ? splice(edit, call->begin, call->end, written)
                     : insert(edit, arena_printf(edit->arena, "%sdnl", written));
    return done || error_set(error, "memory is out");
}

/* MAIL_FILTER alone puts a filter in no list. */
static bool list_filter(struct edit *edit, const struct sendmail_filter *filter,
                        struct error *error)
{
    const char *list = sendmail_cf_option(&edit->site->cf, "InputMailFilters");
    const struct sendmail_daemon common = {.own_filters = false};
    if (!filter || sendmail_cf_asks(edit->arena, &edit->site->cf, &common, filter->name))
        return true;
    const char *line = arena_printf(edit->arena, "define(`confINPUT_MAIL_FILTERS', `%s%s%s')dnl",
                                    list ? list : "", list && *list ? ", " : "", filter->name);
    return insert(edit, line) || error_set(error, "memory is out");
}

/* The place behind "InputMailFilters=a;b" in a DAEMON_OPTIONS call. */
static bool list_end(struct bytes text, const struct mc_call *call, size_t *ret_end,
                     bool *ret_empty)
{
    struct bytes key = BYTES("InputMailFilters");
    struct bytes whole = bytes_slice(text, call->begin, call->end);
    size_t at = bytes_find_nocase(whole, key);
    if (at == whole.len)
        return false;
    at += key.len;
    at += bytes_find(bytes_slice(whole, at, whole.len), '=') + 1;
    size_t end = at;
    while (end < whole.len && !strchr(",')", whole.data[end]))
        end++;
    *ret_empty = bytes_trim(bytes_slice(whole, at, end)).len == 0;
    *ret_end = call->begin + end;
    return true;
}

static bool names_daemon(const struct mc_call *call, const struct sendmail_daemon *daemon)
{
    return strcmp(call->name, "DAEMON_OPTIONS") == 0 &&
           strcmp(mc_call_argument(call, 0), daemon->written) == 0;
}

static bool list_for_daemon(struct edit *edit, const struct sendmail_daemon *daemon,
                            const char *name, struct error *error)
{
    size_t end;
    bool empty;
    for (size_t i = 0; i < edit->mc.count; i++)
        if (names_daemon(&edit->mc.calls[i], daemon) &&
            list_end(edit->mc.text, &edit->mc.calls[i], &end, &empty))
            return splice(edit, end, end,
                          arena_printf(edit->arena, "%s%s", empty ? "" : ";", name)) ||
                   error_set(error, "memory is out");
    return error_set(error,
                     "%s: the daemon %s asks filters of its own (InputMailFilters=), and its "
                     "DAEMON_OPTIONS do not stand in %s: add ;%s to them where they are",
                     edit->site->cf.path, daemon->name, edit->mc.path, name);
}

/* What was signed leaves as it is: host names and MIME parts stay, lines are not broken, and 8-bit
 * text is not encoded for a server that does not announce 8BITMIME. And what it adds, which
 * submilter does not see, holds nothing of the client's. Where the .mc has no MAILER lines
 * (FEATURE(`nullclient')) nothing can be said before them. */
static bool keep_whole(struct edit *edit, struct error *error)
{
    static const char *const flagged[] = {"smtp", "esmtp", "dsmtp"};
    static const char *const modify[] = {"SMTP", "ESMTP", "DSMTP"};
    const struct mc_call *mailer = sendmail_mc_first(&edit->mc, "MAILER_DEFINITIONS", NULL);
    if (!mailer)
        mailer = sendmail_mc_first(&edit->mc, "MAILER", NULL);
    const struct sendmail_mailer *smtp = sendmail_cf_mailer(&edit->site->cf, "esmtp");
    const struct sendmail_mailer *relay = sendmail_cf_mailer(&edit->site->cf, "relay");
    const char *lines = sendmail_cf_expands_names(&edit->site->cf)
                            ? "define(`confDONT_EXPAND_CNAMES', `True')dnl\n"
                            : "";
    if (!mailer)
        return true;
    size_t at = line_begin(edit->mc.text, mailer->begin);
    if (sendmail_cf_mends_mime(&edit->site->cf))
        lines =
            arena_printf(edit->arena, "%sdefine(`confMAX_MIME_HEADER_LENGTH', `0')dnl\n", lines);
    if (lines && edit->site->cf.takes_full_name)
        lines = arena_printf(edit->arena, "%sdefine(`confFROM_HEADER', `<$g>')dnl\n", lines);
    if (lines && smtp && smtp->line_max)
        lines = arena_printf(edit->arena, "%sdefine(`SMTP_MAILER_LL', `0')dnl\n", lines);
    if (lines && relay && relay->line_max)
        lines = arena_printf(edit->arena, "%sdefine(`RELAY_MAILER_LL', `0')dnl\n", lines);
    for (size_t i = 0; lines && i < sizeof flagged / sizeof *flagged; i++) {
        const struct sendmail_mailer *one = sendmail_cf_mailer(&edit->site->cf, flagged[i]);
        if (one && !strchr(one->flags, '8'))
            lines = arena_printf(edit->arena, "%sMODIFY_MAILER_FLAGS(`%s', `+8')dnl\n", lines,
                                 modify[i]);
    }
    if (lines && *lines == '\0')
        return true;
    return splice(edit, at, at, lines) || error_set(error, "memory is out");
}

bool sendmail_edit(struct arena *arena, const struct sendmail_site *site, const char *socket,
                   struct bytes *ret_mc, struct error *error)
{
    struct edit edit = {.arena = arena, .site = site, .mc = site->mc};
    const struct sendmail_cf *cf = &site->cf;
    const struct sendmail_filter *filter = sendmail_cf_ours(cf, socket);
    const char *name = filter ? filter->name : NAME;
    if (!define_filter(&edit, filter, socket, error))
        return false;
    edit.mc.path = site->mc.path;
    if (!list_filter(&edit, filter, error))
        return false;
    for (size_t i = 0; i < cf->daemon_count; i++) {
        const struct sendmail_daemon *daemon = &cf->daemons[i];
        edit.mc.path = site->mc.path;
        if (daemon->own_filters && sendmail_cf_is_submission(daemon) &&
            !sendmail_cf_asks(arena, cf, daemon, name) &&
            !list_for_daemon(&edit, daemon, name, error))
            return false;
    }
    if (!keep_whole(&edit, error))
        return false;
    *ret_mc = edit.mc.text;
    return true;
}

bool sendmail_edit_holds(struct arena *arena, const struct sendmail_cf *cf, const char *socket,
                         struct error *error)
{
    const struct sendmail_filter *filter = sendmail_cf_ours(cf, socket);
    if (!filter || !sendmail_cf_same_place(filter->endpoint, socket))
        return error_set(error, "no filter has S=%s", socket);
    if (!sendmail_cf_fails_closed(filter))
        return error_set(error, "the filter %s has no F=T", filter->name);
    for (size_t i = 0; i < cf->daemon_count; i++) {
        const struct sendmail_daemon *daemon = &cf->daemons[i];
        if ((!daemon->own_filters || sendmail_cf_is_submission(daemon)) &&
            !sendmail_cf_asks(arena, cf, daemon, filter->name))
            return error_set(error, "the daemon %s does not ask the filter %s", daemon->name,
                             filter->name);
    }
    return true;
}
