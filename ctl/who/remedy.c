/* What helps where nothing was found: the row to write, the login that may have been meant. */
#include <stdio.h>
#include <string.h>

#include "ctl/reload_hint.h"
#include "ctl/who/who.h"
#include "policy/address.h"

#define SPECIAL "\\^$.[]|()?*+{}/" /* in a pattern */
#define RELOAD "  and then tell the daemon: " RELOAD_HINT "\n"

/* The first table that rows can be written into; a pattern one where there are no others. */
static const struct table *table_to_write(const struct senders *senders)
{
    for (size_t i = 0; senders_table(senders, i); i++)
        if (!table_matches_patterns(senders_table(senders, i)))
            return senders_table(senders, i);
    return senders_table(senders, 0);
}

/* Patterns are matched with whole addresses: "@domain" is how those end. */
static void print_pattern(struct bytes key)
{
    fputs(key.data[0] == '@' ? "    /" : "    /^", stdout);
    for (size_t from = 0, to; from < key.len; from = to) {
        if (strchr(SPECIAL, key.data[from]))
            putchar('\\');
        for (to = from + 1; to < key.len && !strchr(SPECIAL, key.data[to]);)
            to++;
        who_text(bytes_slice(key, from, to));
    }
    puts("$/  LOGIN");
}

static void print_row(struct bytes key, const char *between, const char *end)
{
    fputs("    ", stdout);
    fputs(strcmp(between, " = ") == 0 ? "{ " : "", stdout);
    who_text(key);
    printf("%sLOGIN%s\n", between, end);
}

void who_print_remedy(const struct who *who, struct bytes key)
{
    const struct table *table = table_to_write(who->senders);
    struct bytes name = bytes_of(table_name(table));
    size_t colon = bytes_find(name, ':');
    struct bytes kind = bytes_slice(name, 0, colon);
    struct bytes path = bytes_slice(name, colon + 1, name.len);
    if (bytes_equal(kind, BYTES("inline"))) {
        printf("  To let a login, write into senders.tables' inline: table in %s\n",
               who->settings->path);
        print_row(key, " = ", " }");
        fputs(RELOAD, stdout);
        return;
    }
    fputs("  To let a login, write into ", stdout);
    who_text(path);
    putchar('\n');
    if (table_matches_patterns(table))
        print_pattern(key);
    else
        print_row(key, "  ", "");
    if (bytes_equal(kind, BYTES("lmdb")) || bytes_equal(kind, BYTES("cdb"))) {
        fputs("  then make the database: postmap ", stdout);
        who_text(name);
        putchar('\n');
    }
    if (!bytes_equal(kind, BYTES("lmdb")))
        fputs(RELOAD, stdout);
}

void who_print_likely(const struct who *who, struct bytes login)
{
    const struct texts *domains = &who->settings->site.domains;
    struct mailbox own;
    struct bytes source;
    size_t at = bytes_find(login, '@');
    for (size_t i = 0; i < (at < login.len ? 1 : domains->count); i++) {
        const char *other = at < login.len ? arena_text(who->arena, bytes_slice(login, 0, at))
                                           : arena_printf(who->arena, "%.*s@%s", (int)login.len,
                                                          login.data, domains->items[i]);
        struct bytes address = at < login.len ? login : bytes_of(other);
        if (!other || !address_parse_plain(who->arena, address, &own) ||
            senders_ask(who->senders, who->arena, bytes_of(other), &own, &source) !=
                OWNERSHIP_GRANTED)
            continue;
        fputs("  Is the login ", stdout);
        who_text(bytes_of(other));
        fputs("? That one is named by ", stdout);
        who_text(source);
        putchar('\n');
        return;
    }
}
