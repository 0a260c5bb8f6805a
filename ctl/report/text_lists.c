/* A report's lists as columns. */
#include "ctl/report/text_lists.h"

#include <string.h>

#include "ctl/report/figures.h"
#include "ctl/report/spark.h"
#include "ctl/table_text.h"
#include "ctl/when.h"

#define BAR_WIDTH 12
#define INDENT                                                                                     \
    {                                                                                              \
        .title = ""                                                                                \
    }

static void add(struct table_text *table, const char *text)
{
    table_text_add(table, bytes_of(text));
}

static void add_time(struct table_text *table, int64_t at)
{
    char text[WHEN_SIZE];
    when_local(at, text);
    text[strlen(text) - 3] = '\0'; /* no seconds */
    add(table, text);
}

static void add_count(struct table_text *table, int64_t number)
{
    char text[FIGURES_SIZE];
    add(table, figures_count(number, text));
}

static void add_bar(const struct text_page *page, struct table_text *table, int64_t number,
                    int64_t most)
{
    char bar[BAR_WIDTH * 3 + 1];
    spark_bar(number, most, BAR_WIDTH, page->look->utf8, bar, sizeof bar);
    add(table, bar);
}

static void add_reason(struct table_text *table, const char *rule, const char *reason)
{
    char text[200];
    snprintf(text, sizeof text, "%s.%s", rule ? rule : "?", reason ? reason : "?");
    add(table, text);
}

static bool finish(const struct text_page *page, struct table_text *table, size_t shown,
                   int64_t all)
{
    char more[FIGURES_SIZE];
    bool good = table_text_print(table, page->out, page->error);
    table_text_free(table);
    if (good && all > (int64_t)shown)
        fprintf(page->out, "  and %s more\n", figures_count(all - (int64_t)shown, more));
    return good;
}

static struct table_text *begin(const struct text_page *page,
                                const struct table_text_column *columns, size_t count)
{
    struct table_text *table = table_text_new(columns, count);
    if (!table)
        (void)error_set(page->error, "out of memory");
    return table;
}
#define BEGIN(page, columns) begin(page, columns, sizeof(columns) / sizeof *(columns))

static bool reasons(const struct text_page *page, const char *title, const char *note,
                    const struct summary_reason *rows, size_t count, int64_t all)
{
    static const struct table_text_column columns[] = {
        INDENT,
        {.title = "reason", .least = 16},
        {.title = "outcome"},
        {.title = "count", .right = true},
        {.title = "", .spare = 2},
        {.title = "logins", .right = true, .spare = 1},
        {.title = "newest example"}};
    if (!count)
        return true;
    text_heading(page, title, note);
    struct table_text *table = BEGIN(page, columns);
    int64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = rows[i].count > most ? rows[i].count : most;
    for (size_t i = 0; table && i < count; i++) {
        add(table, "");
        add_reason(table, rows[i].rule, rows[i].reason);
        add(table, rows[i].word);
        add_count(table, rows[i].count);
        add_bar(page, table, rows[i].count, most);
        add_count(table, rows[i].logins);
        add(table, rows[i].example);
    }
    return table && finish(page, table, count, all);
}

static bool people(const struct text_page *page)
{
    static const struct table_text_column columns[] = {
        INDENT,
        {.title = "login", .least = 14},
        {.title = "refused", .right = true},
        {.title = "deferred", .right = true, .spare = 3},
        {.title = "decisions", .right = true, .spare = 2},
        {.title = "mostly", .least = 14},
        {.title = "newest example"}};
    const struct summary *summary = page->summary;
    if (!summary->people.count)
        return true;
    text_heading(page, "Who was refused", NULL);
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < summary->people.count; i++) {
        const struct summary_person *person = &summary->people.rows[i];
        add(table, "");
        add(table, person->login ? person->login : "(not logged in)");
        add_count(table, person->refused);
        add_count(table, person->deferred);
        add_count(table, person->all);
        add_reason(table, person->rule, person->reason);
        add(table, person->example);
    }
    return table && finish(page, table, summary->people.count, summary->people.all);
}

static bool contained(const struct text_page *page)
{
    static const struct table_text_column columns[] = {INDENT,
                                                       {.title = "login", .least = 14},
                                                       {.title = "state"},
                                                       {.title = "by", .least = 14},
                                                       {.title = "messages", .right = true},
                                                       {.title = "recipients", .right = true},
                                                       {.title = "first", .spare = 1},
                                                       {.title = "last", .spare = 2},
                                                       {.title = "newest example", .spare = 3}};
    const struct summary *summary = page->summary;
    if (!summary->contained.count)
        return true;
    text_heading(page, "Contained logins", "and what was held back of them for it");
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < summary->contained.count; i++) {
        const struct summary_contained *row = &summary->contained.rows[i];
        add(table, "");
        add(table, row->login);
        add(table, row->state);
        add(table, row->cause);
        add_count(table, row->messages);
        add_count(table, row->rcpts);
        add_time(table, row->first);
        add_time(table, row->last);
        add(table, row->example);
    }
    return table && finish(page, table, summary->contained.count, summary->contained.all);
}

static bool friction(const struct text_page *page)
{
    static const struct table_text_column columns[] = {
        INDENT,
        {.title = "passed at"},
        {.title = "login", .least = 14},
        {.title = "refused before by", .least = 14},
        {.title = "tries", .right = true, .spare = 3},
        {.title = "after", .right = true, .spare = 2},
        {.title = "what changed", .spare = 1},
        {.title = "refused id"}};
    const struct summary *summary = page->summary;
    if (!summary->friction.count)
        return true;
    text_heading(page, "Friction", "refused, then all but the same passed within the hour");
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < summary->friction.count; i++) {
        const struct summary_friction *row = &summary->friction.rows[i];
        char after[FIGURES_SIZE];
        add(table, "");
        add_time(table, row->passed);
        add(table, row->login);
        add_reason(table, row->rule, row->reason);
        add_count(table, row->tries);
        add(table, figures_span(row->passed - row->refused, after));
        add(table, row->changed ? "From" : "nothing");
        add(table, row->refused_id);
    }
    return table && finish(page, table, summary->friction.count, summary->friction.all);
}

static bool networks(const struct text_page *page)
{
    static const struct table_text_column columns[] = {
        INDENT,
        {.title = "login", .least = 14},
        {.title = "new network", .least = 14},
        {.title = "first seen", .spare = 2},
        {.title = "let go", .right = true},
        {.title = "stopped", .right = true},
        {.title = "known before", .right = true, .spare = 3},
        {.title = "usually from", .least = 14, .spare = 1}};
    const struct summary *summary = page->summary;
    if (!summary->networks.count)
        return true;
    text_heading(page, "New client networks", "a login was not seen from there before");
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < summary->networks.count; i++) {
        const struct summary_network *row = &summary->networks.rows[i];
        add(table, "");
        add(table, row->login);
        add(table, row->network);
        add_time(table, row->first);
        add_count(table, row->let_go);
        add_count(table, row->stopped);
        add_count(table, row->known);
        add(table, row->usual ? row->usual : "nowhere");
    }
    return table && finish(page, table, summary->networks.count, summary->networks.all);
}

static bool uses(const struct text_page *page, const char *title, const char *none,
                 const struct summary_use *rows, size_t count, int64_t all)
{
    static const struct table_text_column columns[] = {INDENT,
                                                       {.title = "", .least = 10},
                                                       {.title = "count", .right = true},
                                                       {.title = "", .spare = 2},
                                                       {.title = "logins", .right = true},
                                                       {.title = "last seen", .spare = 1}};
    if (!count)
        return true;
    text_heading(page, title, "of those who logged in");
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < count; i++) {
        add(table, "");
        add(table, rows[i].name ? rows[i].name : none);
        add_count(table, rows[i].count);
        add_bar(page, table, rows[i].count, rows[0].count);
        add_count(table, rows[i].logins);
        add_time(table, rows[i].last);
    }
    return table && finish(page, table, count, all);
}

static bool signing(const struct text_page *page)
{
    static const struct table_text_column columns[] = {INDENT,
                                                       {.title = "domain of From", .least = 14},
                                                       {.title = "signed", .right = true},
                                                       {.title = "unsigned", .right = true},
                                                       {.title = "newest unsigned"}};
    const struct summary *summary = page->summary;
    if (!summary->signing.count)
        return true;
    text_heading(page, "Signatures", "of mail that was let go");
    struct table_text *table = BEGIN(page, columns);
    for (size_t i = 0; table && i < summary->signing.count; i++) {
        const struct summary_signing *row = &summary->signing.rows[i];
        add(table, "");
        add(table, !row->domain ? "(none)" : *row->domain ? row->domain : "(unreadable)");
        add_count(table, row->signed_mail);
        add_count(table, row->unsigned_mail);
        add(table, row->example);
    }
    return table && finish(page, table, summary->signing.count, summary->signing.all);
}

bool text_lists(const struct text_page *page)
{
    const struct summary *summary = page->summary;
    return reasons(page, "Reasons", "why mail did not pass as it came", summary->reasons.rows,
                   summary->reasons.count, summary->reasons.all) &&
           people(page) &&
           reasons(page, "Would have been", "by rules that only observe, of what went through",
                   summary->would.rows, summary->would.count, summary->would.all) &&
           contained(page) && friction(page) && networks(page) &&
           uses(page, "TLS", "none", summary->tls.rows, summary->tls.count, summary->tls.all) &&
           uses(page, "Mechanisms", "none", summary->mechanisms.rows, summary->mechanisms.count,
                summary->mechanisms.all) &&
           signing(page);
}
