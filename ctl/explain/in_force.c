/* The settings in force then. */
#include "ctl/explain/in_force.h"

#include <stdlib.h>
#include <string.h>

#include "conf/settings.h"
#include "ctl/explain/group_then.h"
#include "ctl/explain/value.h"
#include "ctl/when.h"
#include "dkim/our_command.h"
#include "history/configuration.h"

/* One line of what settings_print writes: "  key = value;   # FILE:LINE (group.path)". */
struct setting {
    struct bytes path;  /* no bytes: at the top */
    struct bytes value; /* "key = value" */
    struct bytes origin;
};

static char *printed(const struct settings *settings)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    bool whole = settings_print(settings, out);
    if (fclose(out) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

/* A configuration that does not load now is no fault of this question. */
static void ask_now(const char *config, struct in_force *settings)
{
    struct settings *now;
    struct error ignored;
    settings->now = IN_FORCE_UNKNOWN;
    if (!settings_load(config, &now, &ignored))
        return;
    settings->now = strcmp(now->hash, settings->hash) == 0 ? IN_FORCE_YES : IN_FORCE_NO;
    if (settings->now == IN_FORCE_YES && !settings->text)
        settings->text = printed(now);
    settings_unref(now);
}

bool in_force_find(const json_t *record, const char *config, struct history *history,
                   struct in_force *ret_settings, struct error *error)
{
    struct bytes hash = value_text(record, "config");
    *ret_settings = (struct in_force){0};
    if (hash.len < sizeof ret_settings->hash)
        memcpy(ret_settings->hash, hash.len ? hash.data : "", hash.len);
    if (history && !configuration_find(history, ret_settings->hash, &ret_settings->text,
                                       &ret_settings->first_seen, error))
        return false;
    ask_now(config, ret_settings);
    return true;
}

void in_force_done(struct in_force *settings)
{
    free(settings->text);
    settings->text = NULL;
}

/* The last one, as a value may hold it too. */
static size_t find_last(struct bytes text, struct bytes needle)
{
    size_t found = text.len;
    for (size_t from = 0; from < text.len;) {
        size_t at = bytes_find_nocase(bytes_slice(text, from, text.len), needle);
        if (from + at >= text.len)
            break;
        found = from + at;
        from = found + 1;
    }
    return found;
}

/* False: the line is a bracket. */
static bool read_setting(struct bytes line, struct setting *ret_setting)
{
    size_t mark = find_last(line, BYTES(" # "));
    if (mark == line.len)
        return false;
    struct bytes origin = bytes_slice(line, mark + 3, line.len);
    size_t bracket = find_last(origin, BYTES(" ("));
    ret_setting->path = (struct bytes){NULL, 0};
    if (bracket < origin.len && origin.data[origin.len - 1] == ')')
        ret_setting->path = bytes_slice(origin, bracket + 2, origin.len - 1);
    ret_setting->origin = bytes_slice(origin, 0, bracket);
    ret_setting->value = bytes_trim(bytes_slice(line, 0, mark));
    if (ret_setting->value.len && ret_setting->value.data[ret_setting->value.len - 1] == ';')
        ret_setting->value.len--;
    return true;
}

static void print_setting(const struct setting *setting, FILE *out)
{
    fputs("  ", out);
    value_print(out, setting->path);
    fputs(setting->path.len ? "." : "", out);
    value_print(out, setting->value);
    fputs("   # ", out);
    value_print(out, setting->origin);
    fputc('\n', out);
}

static bool begins(struct bytes text, struct bytes start)
{
    return bytes_equal(bytes_slice(text, 0, start.len), start);
}

/* Whether an entry of the listeners, from its bracket on, is the one of that name. */
static bool is_listener(struct bytes rest, struct bytes name)
{
    while (rest.len) {
        size_t end = bytes_find(rest, '\n');
        struct bytes line = bytes_trim(bytes_slice(rest, 0, end));
        struct setting setting;
        if (begins(line, BYTES("}")))
            return false;
        struct bytes quoted = {NULL, 0};
        if (read_setting(line, &setting) && begins(setting.value, BYTES("name = \"")))
            quoted = bytes_slice(setting.value, 8, setting.value.len);
        if (quoted.len && bytes_equal(bytes_slice(quoted, 0, quoted.len - 1), name))
            return true;
        rest = bytes_slice(rest, end + 1, rest.len);
    }
    return false;
}

/* Which entries of the lists hold: the listener's, the group's. */
struct entries {
    const json_t *record;
    bool listener, group; /* the one that is being read */
    bool group_found;     /* one that names the login was there */
};

static void enter(struct entries *entries, struct bytes entry)
{
    entries->listener = is_listener(entry, value_text(entries->record, "listener"));
    bool named = !entries->group_found && group_then_names(entry, entries->record);
    entries->group = named && group_then_covers(entry, entries->record);
    entries->group_found = entries->group_found || named;
}

/* Not those of other policies and groups, nor of what has no part in a decision. */
static bool concerns(const struct setting *setting, const struct entries *entries)
{
    static const char *const parts[] = {"senders", "dkim", "log"};
    const json_t *record = entries->record;
    struct bytes path = setting->path, policy = value_text(record, "policy");
    struct bytes part = bytes_slice(path, 0, bytes_find(path, '.'));
    if (bytes_equal(part, BYTES("listeners")))
        return entries->listener;
    if (bytes_equal(part, BYTES("groups")))
        return entries->group;
    if (bytes_equal(part, BYTES("policies"))) {
        struct bytes name = bytes_slice(path, part.len + 1, path.len);
        return bytes_equal(bytes_slice(name, 0, bytes_find(name, '.')), policy);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (bytes_equal(part, bytes_of(parts[i])))
            return true;
    return !path.len;
}

static void print_settings(const struct in_force *settings, const json_t *record, FILE *out)
{
    struct bytes policy = value_text(record, "policy"), rule = value_text(record, "rule");
    char decider[400] = "";
    struct entries entries = {.record = record};
    bool any = false;
    if (rule.len)
        snprintf(decider, sizeof decider, "policies.%.*s.%.*s", (int)policy.len, policy.data,
                 (int)rule.len, rule.data);
    for (struct bytes rest = bytes_of(settings->text); rest.len;) {
        size_t end = bytes_find(rest, '\n');
        struct bytes line = bytes_slice(rest, 0, end);
        struct setting setting;
        if (bytes_equal(bytes_trim(line), BYTES("{")))
            enter(&entries, bytes_slice(rest, end + 1, rest.len));
        if (read_setting(line, &setting) && concerns(&setting, &entries) &&
            (!bytes_equal(setting.origin, BYTES("default")) ||
             (*decider && bytes_equal(setting.path, bytes_of(decider))))) {
            print_setting(&setting, out);
            any = true;
        }
        rest = bytes_slice(rest, end + 1, rest.len);
    }
    fputs(any ? "" : "  all are the defaults\n", out);
}

void in_force_print(const struct in_force *settings, const json_t *record, FILE *out)
{
    static const char *const now[] = {
        [IN_FORCE_YES] = "it is the one in the files now",
        [IN_FORCE_NO] = "the files say something else now",
        [IN_FORCE_UNKNOWN] = "what the files say now can't be read",
    };
    char since[WHEN_SIZE];
    fputs("\nSettings then: configuration ", out);
    value_print(out, bytes_of(settings->hash));
    if (settings->first_seen) {
        when_local(settings->first_seen, since);
        fprintf(out, ", first in force %s", since);
    }
    fprintf(out, "; %s", now[settings->now]);
    if (settings->now == IN_FORCE_NO)
        fprintf(out, ": %s conf", our_command());
    fputs(".\n", out);
    if (!settings->text) {
        fputs("  What was set is not kept here: only the history keeps it, not JSON lines.\n", out);
        return;
    }
    fputs(
        value_text(record, "rule").len
            ? "Those of this listener, policy and group that are not the defaults, and all of the "
              "rule that decided:\n"
            : "Those of this listener, policy and group that are not the defaults:\n",
        out);
    print_settings(settings, record, out);
}

json_t *in_force_json(const struct in_force *settings)
{
    char since[WHEN_SIZE];
    json_t *object = json_pack("{s:s, s:s?}", "hash", settings->hash, "text", settings->text);
    if (!object)
        return NULL;
    when_utc(settings->first_seen, since);
    json_object_set_new(object, "first_seen",
                        settings->first_seen ? json_string(since) : json_null());
    json_object_set_new(object, "in_force",
                        settings->now == IN_FORCE_UNKNOWN
                            ? json_null()
                            : json_boolean(settings->now == IN_FORCE_YES));
    return object;
}
