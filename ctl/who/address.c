/* Who may send as an address. */
#include <stdio.h>

#include "ctl/plain.h"
#include "ctl/progress.h"
#include "ctl/who/who.h"
#include "tables/owners.h"

struct printer {
    const struct who *who;
    const struct mailbox *mailbox;
    const char *row; /* the row that is being printed; NULL: none so far */
    bool any;        /* somebody may */
    bool hidden;     /* rows that are hidden have begun */
    size_t of_row;   /* logins of the row so far */
    bool unread;     /* nobody reads what is printed */
};

static void print_subject(const struct mailbox *mailbox)
{
    if (!mailbox->local.len)
        fputs("any plain address at ", stdout);
    who_text(mailbox->local.len ? mailbox->address : mailbox->domain);
}

static void begin_row_text(struct printer *printer, const struct owner *owner)
{
    if (printer->row)
        putchar('\n');
    if (owner->hidden && !printer->hidden)
        puts("For this address it hides:");
    if (owner->hidden) {
        fputs("  ", stdout);
        who_text(owner->source);
        fputs(": ", stdout);
        return;
    }
    fputs(owner->login.len ? "Who may send as " : "Nobody may send as ", stdout);
    print_subject(printer->mailbox);
    if (senders_table(printer->who->senders, 0)) {
        fputs(", by ", stdout);
        who_text(owner->source);
    } else {
        fputs(", as there is no table (senders.tables)", stdout);
    }
    fputs(owner->login.len ? ":\n  " : ": the row names no login; write them behind it", stdout);
}

static void end_row_json(struct printer *printer)
{
    if (!printer->row)
        return;
    json_close(printer->who->json, ']');
    if (printer->hidden)
        json_close(printer->who->json, '}');
}

static void begin_row_json(struct printer *printer, const struct owner *owner)
{
    struct json *json = printer->who->json;
    end_row_json(printer);
    if (owner->hidden && !printer->hidden)
        json_open(json, "hidden", '[');
    if (owner->hidden)
        json_open(json, NULL, '{');
    json_bytes(json, "row", owner->source);
    json_open(json, "logins", '[');
}

static bool print_owner(void *context, const struct owner *owner)
{
    struct printer *printer = context;
    struct json *json = printer->who->json;
    bool same_row = owner->hidden ? printer->row == owner->source.data : printer->row != NULL;
    if (!same_row) {
        json ? begin_row_json(printer, owner) : begin_row_text(printer, owner);
        printer->row = owner->source.data;
        printer->hidden = owner->hidden;
        printer->of_row = 0;
    }
    if (json && owner->login.len)
        json_bytes(json, NULL, owner->login);
    if (!json && printer->of_row++)
        fputs(owner->hidden ? ", " : "\n  ", stdout);
    if (!json)
        who_text(owner->login);
    printer->any = printer->any || (!owner->hidden && owner->login.len);
    printer->unread = !who_flush(printer->who);
    return !printer->unread && !progress_interrupted();
}

#define ROW_CEILING ((size_t)2 << 30) /* a value may be as large as its file */

struct counting {
    const struct senders *senders;
    struct bytes domain;
    size_t table;        /* this one's rows */
    struct arena *arena; /* for one row */
    size_t count;
};

/* One of the tables before has it too. */
static bool is_counted(const struct counting *counting, struct bytes key)
{
    bool found = false;
    struct table_answer answer;
    arena_clear(counting->arena);
    for (size_t i = 0; i < counting->table && !found; i++) {
        const struct table *table = senders_table(counting->senders, i);
        found = !table_matches_patterns(table) &&
                table_find(table, counting->arena, key, &answer) == TABLE_FOUND;
    }
    return found;
}

static bool count_row(void *context, const struct table_row *row)
{
    struct counting *counting = context;
    size_t at = row->key.len;
    while (at && row->key.data[at - 1] != '@')
        at--;
    if (at > 1 && bytes_equal_nocase(bytes_slice(row->key, at, row->key.len), counting->domain))
        counting->count += !is_counted(counting, row->key);
    return !progress_interrupted();
}

/* Addresses at the domain that have rows; patterns are no addresses. Of a table that cannot be gone
 * through none are known. */
static size_t count_rows(const struct printer *printer)
{
    struct counting counting = {.senders = printer->who->senders,
                                .domain = printer->mailbox->domain,
                                .arena = arena_new(ROW_CEILING)};
    struct error error;
    const struct table *table;
    bool going = counting.arena && !printer->mailbox->local.len;
    for (; going && (table = senders_table(counting.senders, counting.table)); counting.table++)
        if (!table_matches_patterns(table))
            going = table_each(table, count_row, &counting, &error) != TABLE_STOPPED;
    arena_free(counting.arena);
    return counting.count;
}

static void end(struct printer *printer, enum table_result result, struct bytes reason)
{
    struct json *json = printer->who->json;
    if (json) {
        end_row_json(printer);
        if (printer->hidden)
            json_close(json, ']');
        if (!printer->row) {
            json_none(json, "row");
            json_int(json, "addresses_with_rows", (int64_t)count_rows(printer));
        }
        return;
    }
    if (printer->row) {
        putchar('\n');
        return;
    }
    size_t rows = result == TABLE_ABSENT ? count_rows(printer) : 0;
    if (rows) {
        fputs("No row for the whole domain ", stdout);
        who_text(printer->mailbox->domain);
        printf("; %zu %s.\n", rows, rows == 1 ? "address has a row" : "addresses have rows");
        return;
    }
    fputs(result == TABLE_UNAVAILABLE ? "Not known who may send as " : "Nobody may send as ",
          stdout);
    print_subject(printer->mailbox);
    if (result == TABLE_UNAVAILABLE) {
        fputs(": ", stdout);
        who_text(reason);
    }
    puts(".");
}

/* What was asked for, of which nothing is there; the first of it is what to write. */
static void print_asked(const struct who *who, const struct mailbox *mailbox)
{
    struct mailbox any = *mailbox;
    struct sender_keys keys;
    any.plain = any.plain || !any.local.len;
    senders_keys(who->senders, who->arena, &any, &keys);
    size_t first = 0;
    while (!any.local.len && first + 1 < keys.count && keys.keys[first].form != SENDER_KEY_DOMAIN)
        first++;
    if (who->json) {
        json_open(who->json, "asked", '[');
        for (size_t i = first; i < keys.count; i++)
            json_bytes(who->json, NULL, keys.keys[i].text);
        json_close(who->json, ']');
        return;
    }
    fputs("  No row has ", stdout);
    for (size_t i = first; i < keys.count; i++) {
        fputs(i == first ? "" : i + 1 < keys.count ? ", " : " or ", stdout);
        who_text(keys.keys[i].text);
    }
    puts(".");
    if (first < keys.count)
        who_print_remedy(who, keys.keys[first].text);
}

enum who_answer who_address(const struct who *who, const struct mailbox *mailbox,
                            struct error *error)
{
    struct printer printer = {.who = who, .mailbox = mailbox};
    struct bytes reason;
    if (who->json) {
        json_open(who->json, "address", '{');
        json_bytes(who->json, "address", mailbox->address);
    }
    enum table_result result =
        owners_each(who->senders, who->arena, mailbox, print_owner, &printer, &reason);
    end(&printer, result, reason);
    if (result == TABLE_ABSENT && senders_table(who->senders, 0))
        print_asked(who, mailbox);
    if (result == TABLE_ABSENT && !senders_table(who->senders, 0) && !who->json)
        puts("  There is no table (senders.tables): a login owns the address that it equals.");
    who_print_policies(who, (struct bytes){NULL, 0});
    if (who->json)
        json_open(who->json, "signing", '[');
    who_print_signing(who, (struct bytes){NULL, 0}, mailbox->domain);
    if (who->json) {
        json_close(who->json, ']');
        json_close(who->json, '}');
    }
    if (printer.unread)
        return WHO_FAILED;
    if (progress_interrupted())
        return WHO_INTERRUPTED;
    if (result == TABLE_UNAVAILABLE) {
        error_set(error, "%.*s", (int)reason.len, reason.data);
        return WHO_UNKNOWN;
    }
    return printer.any ? WHO_SOMEBODY : WHO_NOBODY;
}
