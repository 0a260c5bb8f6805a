/* For people. */
#include "ctl/ready/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/plain.h"
#include "ctl/table_text.h"
#include "ctl/when.h"

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_change(const struct show_ready *show)
{
    const struct ready_word *word = show->impact->change->word;
    const char *rule = rules[word->rule]->name;
    printf("%s: policies.%s.%s.", word->name, show->policy, rule);
    plain_write_value(stdout, bytes_of(show->setting));
    printf(" refuses %s\n", word->says);
    if (show->mode && strcmp(word->option, "mode") != 0)
        printf("the rule's mode is \"%s\" there today: with mode = \"enforce\" as well\n",
               show->mode);
}

static void print_extent(const struct show_ready *show)
{
    const struct readiness_extent *extent = show->extent;
    char first[WHEN_SIZE], last[WHEN_SIZE];
    printf("looked at %" PRId64 " message%s of %" PRId64 " login%s", extent->messages,
           plural(extent->messages), extent->logins, plural(extent->logins));
    if (extent->messages) {
        when_local(extent->first, first);
        when_local(extent->last, last);
        printf(", from %s to %s", first, last);
    }
    if (extent->messages)
        printf("; the change is for %" PRId64 " of them", show->affected->asked);
    putchar('\n');
}

static void print_rest(const struct show_ready *show)
{
    const struct affected *affected = show->affected;
    if (affected->already)
        printf("not counted: %" PRId64 " message%s whose like tls or auth refuse today\n",
               affected->already, plural(affected->already));
    if (affected->unknown)
        printf("not counted: %" PRId64 " message%s of which it was not known how they came in\n",
               affected->unknown, plural(affected->unknown));
}

static void add_some(struct table_text *table, const struct affected *affected,
                     const struct affected_some *some)
{
    char text[TALLY_SOME * 60];
    size_t len = 0;
    for (size_t i = 0; i < some->count && i < 3; i++) {
        struct bytes item = names_text(affected->texts, some->items[i]);
        int written = snprintf(text + len, sizeof text - len, "%s%.*s", i ? ", " : "",
                               item.len > 100 ? 100 : (int)item.len, item.data);
        len += (size_t)written;
    }
    if (some->more || some->count > 3)
        len += (size_t)snprintf(text + len, sizeof text - len, ", ...");
    table_text_add(table, some->count ? (struct bytes){text, len} : BYTES("-"));
}

static void add_time(struct table_text *table, int64_t time)
{
    char text[WHEN_SIZE];
    when_local(time, text);
    table_text_add(table, bytes_of(text));
}

static void add_user(struct table_text *table, const struct affected *affected,
                     const struct affected_user *user)
{
    struct bytes name = names_text(affected->texts, user->name);
    char text[1100];
    if (user->login)
        snprintf(text, sizeof text, "%s", name.data);
    else
        snprintf(text, sizeof text, "(no login) %s", name.len ? name.data : "no client");
    table_text_add(table, bytes_of(text));
    table_text_add_number(table, user->messages);
    add_time(table, user->first);
    add_time(table, user->last);
    add_some(table, affected, &user->versions);
    add_some(table, affected, &user->ciphers);
    add_some(table, affected, &user->mechanisms);
    add_some(table, affected, &user->networks);
    add_some(table, affected, &user->helos);
}

static bool print_users(const struct affected *affected, struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "WHO", .least = 30},
        {.title = "MESSAGES", .right = true},
        {.title = "FIRST", .spare = 4},
        {.title = "LAST"},
        {.title = "TLS"},
        {.title = "CIPHER", .least = 20, .spare = 2},
        {.title = "LOGIN BY", .least = 8},
        {.title = "CLIENTS", .least = 18, .spare = 1},
        {.title = "HELO", .least = 14, .spare = 3},
    };
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    if (!table)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < affected->count; i++)
        add_user(table, affected, &affected->items[i]);
    bool printed = table_text_print(table, stdout, error);
    table_text_free(table);
    return printed;
}

static void print_breaks(const struct show_ready *show)
{
    const struct affected *affected = show->affected;
    printf(" would be refused, with %" PRId64 " message%s", affected->breaks,
           plural(affected->breaks));
    if (affected->as_set)
        printf(": %" PRId64 " by this change, %" PRId64
               " by %s as it is set today, were it enforced",
               affected->breaks - affected->as_set, affected->as_set,
               rules[show->impact->change->word->rule]->name);
    putchar('\n');
}

static void print_unused(const struct show_ready *show)
{
    for (size_t i = 0; i < show->unused.count; i++) {
        const struct unused_item *item = &show->unused.items[i];
        fputs("nobody used ", stdout);
        plain_write_value(stdout, bytes_of(item->name));
        if (item->nearest) {
            fputs(": did you mean ", stdout);
            plain_write_value(stdout, bytes_of(item->nearest));
            putchar('?');
        }
        putchar('\n');
    }
}

bool show_ready_text(const struct show_ready *show, struct error *error)
{
    const struct affected *affected = show->affected;
    int64_t logins = (int64_t)affected_logins(affected);
    int64_t clients = (int64_t)affected->count - logins;
    print_change(show);
    print_extent(show);
    if (!affected->asked)
        puts("nothing that the change is about: this says nothing");
    else if (!affected->count)
        puts("nobody would be refused");
    if (logins)
        printf("%" PRId64 " login%s", logins, plural(logins));
    if (clients)
        printf("%s%" PRId64 " client network%s without a login", logins ? " and " : "", clients,
               plural(clients));
    if (affected->count)
        print_breaks(show);
    print_unused(show);
    print_rest(show);
    if (!affected->count)
        return true;
    putchar('\n');
    return print_users(affected, error);
}

/* As it would stand in a policy. */
static void write_setting(const struct ready_word *word, char *text, size_t size)
{
    static const char *const hows[] = {" =", " without", " with", " ="};
    const char *quote = word->value && strcmp(word->value, "true") != 0 ? "\"" : "";
    snprintf(text, size, "%s.%s%s %s%s%s", rules[word->rule]->name, word->option, hows[word->how],
             quote, word->value ? word->value : word->argument, quote);
}

bool show_ready_words(struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "WORD"}, {.title = "REFUSES"}, {.title = "SETTING"}};
    struct table_text *table = table_text_new(columns, 3);
    if (!table)
        return error_set(error, "out of memory");
    for (const struct ready_word *word = ready_words; word->name; word++) {
        char text[200];
        snprintf(text, sizeof text, "%s%s%s", word->name, word->argument ? " " : "",
                 word->argument ? word->argument : "");
        table_text_add(table, bytes_of(text));
        table_text_add(table, bytes_of(word->says));
        write_setting(word, text, sizeof text);
        table_text_add(table, bytes_of(text));
    }
    bool printed = table_text_print(table, stdout, error);
    table_text_free(table);
    return printed;
}
