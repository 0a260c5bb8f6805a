/* The page's tables, with a bar in each row where numbers are to be compared. */
#include <inttypes.h>
#include <string.h>

#include "ctl/report/figures.h"
#include "ctl/report/html_private.h"
#include "ctl/report/markup.h"

struct column {
    const char *title;
    const char *class; /* "n": a number, "name", "bar", "id", "t": a time; NULL: plain */
};

static void begin(const struct html_page *page, const struct column *columns, size_t count)
{
    fputs("<table class=\"rows list\"><thead><tr>", page->out);
    for (size_t i = 0; i < count; i++) {
        if (columns[i].class)
            fprintf(page->out, "<th scope=\"col\" class=\"%s\">%s</th>", columns[i].class,
                    columns[i].title);
        else
            fprintf(page->out, "<th scope=\"col\">%s</th>", columns[i].title);
    }
    fputs("</tr></thead><tbody>\n", page->out);
}
#define BEGIN(page, columns) begin(page, columns, sizeof(columns) / sizeof *(columns))

static void end(const struct html_page *page, size_t shown, int64_t all)
{
    char more[FIGURES_SIZE];
    fputs("</tbody></table>\n", page->out);
    if (all > (int64_t)shown)
        fprintf(page->out, "<p class=\"more\">and %s more</p>\n",
                figures_count(all - (int64_t)shown, more));
}

static void number(const struct html_page *page, const char *label, int64_t count)
{
    char text[FIGURES_SIZE];
    fprintf(page->out, "<td class=\"n\" data-label=\"%s\">%s</td>", label,
            figures_count(count, text));
}

static void name(const struct html_page *page, const char *text, const char *none)
{
    fputs("<td class=\"name\">", page->out);
    if (text && *text)
        markup_name(page->out, text);
    else
        fputs(none, page->out);
    fputs("</td>", page->out);
}

static void named(const struct html_page *page, const char *label, const char *text,
                  const char *none, const char *before)
{
    fprintf(page->out, "<td class=\"who\" data-label=\"%s\">%s", label, before);
    if (text && *text)
        markup_name(page->out, text);
    else
        fputs(none, page->out);
    fputs("</td>", page->out);
}

static void id(const struct html_page *page, const char *label, const char *text)
{
    if (!text) {
        fputs("<td class=\"id\"></td>", page->out);
        return;
    }
    fprintf(page->out, "<td class=\"id\" data-label=\"%s\"><code>", label);
    markup_write(page->out, bytes_of(text));
    fputs("</code></td>", page->out);
}

static void time_of(const struct html_page *page, const char *label, int64_t at)
{
    fprintf(page->out, "<td class=\"t\" data-label=\"%s\">", label);
    html_time(page, at);
    fputs("</td>", page->out);
}

static void reason(const struct html_page *page, const char *class, const char *label,
                   const char *rule, const char *word)
{
    fprintf(page->out, "<td class=\"%s\"", class);
    if (label)
        fprintf(page->out, " data-label=\"%s\"", label);
    fputs("><code>", page->out);
    markup_write(page->out, bytes_of(rule ? rule : "?"));
    fputc('.', page->out);
    markup_write(page->out, bytes_of(word ? word : "?"));
    fputs("</code></td>", page->out);
}

/* One bar, of two parts where the second is not 0; both of a greatest sum. */
static void bar(const struct html_page *page, const char *class, int64_t part, const char *second,
                int64_t rest, int64_t most)
{
    double whole = most ? (double)most : 1;
    fputs("<td class=\"bar\"><svg width=\"100%\" height=\"9\" aria-hidden=\"true\">", page->out);
    if (part)
        fprintf(page->out, "<rect class=\"%s\" width=\"%.2f%%\" height=\"9\" rx=\"1\"/>", class,
                100 * (double)part / whole < 0.5 ? 0.5 : 100 * (double)part / whole);
    if (rest)
        fprintf(page->out,
                "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"9\" rx=\"1\"/>", second,
                100 * (double)part / whole,
                100 * (double)rest / whole < 0.5 ? 0.5 : 100 * (double)rest / whole);
    fputs("</svg></td>", page->out);
}

static void reasons(const struct html_page *page, const struct summary_reason *rows, size_t count,
                    int64_t all)
{
    static const struct column columns[] = {{"reason", "name"}, {"", "bar"},     {"outcome", NULL},
                                            {"count", "n"},     {"logins", "n"}, {"last", "t"},
                                            {"newest id", "id"}};
    int64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = rows[i].count > most ? rows[i].count : most;
    BEGIN(page, columns);
    for (size_t i = 0; i < count; i++) {
        const char *outcome = summary_outcome_word(rows[i].outcome);
        fputs("<tr>", page->out);
        reason(page, "name", NULL, rows[i].rule, rows[i].reason);
        bar(page, outcome, rows[i].count, NULL, 0, most);
        fputs("<td><span class=\"out\">", page->out);
        html_swatch(page, outcome);
        fprintf(page->out, "%s</span></td>", rows[i].word);
        number(page, "count", rows[i].count);
        number(page, "logins", rows[i].logins);
        time_of(page, "last", rows[i].last);
        id(page, "newest id", rows[i].example);
        fputs("</tr>\n", page->out);
    }
    end(page, count, all);
}

static void people(const struct html_page *page)
{
    static const struct column columns[] = {
        {"login", "name"},  {"", "bar"},      {"refused", "n"},   {"deferred", "n"},
        {"decisions", "n"}, {"mostly", NULL}, {"newest id", "id"}};
    const struct summary *summary = page->summary;
    int64_t most = 0;
    if (!summary->people.count)
        return;
    for (size_t i = 0; i < summary->people.count; i++) {
        int64_t stopped = summary->people.rows[i].refused + summary->people.rows[i].deferred;
        most = stopped > most ? stopped : most;
    }
    html_section(page, "Who was refused", "And for what reason most.");
    BEGIN(page, columns);
    for (size_t i = 0; i < summary->people.count; i++) {
        const struct summary_person *person = &summary->people.rows[i];
        fputs("<tr>", page->out);
        name(page, person->login, "(not logged in)");
        bar(page, "refused", person->refused, "deferred", person->deferred, most);
        number(page, "refused", person->refused);
        number(page, "deferred", person->deferred);
        number(page, "decisions", person->all);
        reason(page, "why", "mostly", person->rule, person->reason);
        id(page, "newest id", person->example);
        fputs("</tr>\n", page->out);
    }
    end(page, summary->people.count, summary->people.all);
    html_section_end(page);
}

static void contained(const struct html_page *page)
{
    static const struct column columns[] = {{"login", "name"}, {"state", NULL},     {"by", "who"},
                                            {"messages", "n"}, {"recipients", "n"}, {"first", "t"},
                                            {"last", "t"},     {"newest id", "id"}};
    const struct summary *summary = page->summary;
    if (!summary->contained.count)
        return;
    html_section(page, "Contained logins",
                 "By signs of theft, by admins or past a limit, and what was held back for it.");
    BEGIN(page, columns);
    for (size_t i = 0; i < summary->contained.count; i++) {
        const struct summary_contained *row = &summary->contained.rows[i];
        fputs("<tr>", page->out);
        name(page, row->login, "(none)");
        fprintf(page->out, "<td data-label=\"state\">%s</td>", row->state);
        named(page, "by", row->cause, "?", "");
        number(page, "messages", row->messages);
        number(page, "recipients", row->rcpts);
        time_of(page, "first", row->first);
        time_of(page, "last", row->last);
        id(page, "newest id", row->example);
        fputs("</tr>\n", page->out);
    }
    end(page, summary->contained.count, summary->contained.all);
    html_section_end(page);
}

static void friction(const struct html_page *page)
{
    static const struct column columns[] = {
        {"login", "name"},       {"refused by", NULL}, {"tries", "n"},      {"passed after", "n"},
        {"what changed", "who"}, {"passed at", "t"},   {"refused id", "id"}};
    const struct summary *summary = page->summary;
    char span[FIGURES_SIZE];
    if (!summary->friction.count)
        return;
    html_section(page, "Friction",
                 "Refused, and within the hour all but the same passed. Where nothing changed the "
                 "refusal may have been wrong; where From changed, somebody had to find out how.");
    BEGIN(page, columns);
    for (size_t i = 0; i < summary->friction.count; i++) {
        const struct summary_friction *row = &summary->friction.rows[i];
        fputs("<tr>", page->out);
        name(page, row->login, "(none)");
        reason(page, "why", "refused by", row->rule, row->reason);
        number(page, "tries", row->tries);
        fprintf(page->out, "<td class=\"n\" data-label=\"passed after\">%s</td>",
                figures_span(row->passed - row->refused, span));
        if (row->changed)
            named(page, "changed", row->refused_from, "empty", "From, was ");
        else
            fputs("<td data-label=\"changed\">nothing</td>", page->out);
        time_of(page, "passed at", row->passed);
        id(page, "refused id", row->refused_id);
        fputs("</tr>\n", page->out);
    }
    end(page, summary->friction.count, summary->friction.all);
    html_section_end(page);
}

static void networks(const struct html_page *page)
{
    static const struct column columns[] = {{"login", "name"},       {"", "bar"},
                                            {"new network", "who"},  {"let go", "n"},
                                            {"stopped", "n"},        {"networks before", "n"},
                                            {"usually from", "who"}, {"first seen", "t"}};
    const struct summary *summary = page->summary;
    int64_t most = 0;
    if (!summary->networks.count)
        return;
    for (size_t i = 0; i < summary->networks.count; i++) {
        int64_t all = summary->networks.rows[i].let_go + summary->networks.rows[i].stopped;
        most = all > most ? all : most;
    }
    html_section(
        page, "New client networks",
        "Where a login was not seen from before; those that were stopped most come first.");
    BEGIN(page, columns);
    for (size_t i = 0; i < summary->networks.count; i++) {
        const struct summary_network *row = &summary->networks.rows[i];
        fputs("<tr>", page->out);
        name(page, row->login, "(none)");
        bar(page, "accepted", row->let_go, "refused", row->stopped, most);
        named(page, "new", row->network, "?", "");
        number(page, "let go", row->let_go);
        number(page, "stopped", row->stopped);
        number(page, "networks before", row->known);
        named(page, "usually from", row->usual, "nowhere", "");
        time_of(page, "first seen", row->first);
        fputs("</tr>\n", page->out);
    }
    end(page, summary->networks.count, summary->networks.all);
    html_section_end(page);
}

static void uses(const struct html_page *page, const char *title, const struct summary_use *rows,
                 size_t count, int64_t all)
{
    static const struct column columns[] = {
        {"", "name"}, {"", "bar"}, {"count", "n"}, {"logins", "n"}, {"last", "t"}};
    html_section(page, title, "Of those who logged in.");
    BEGIN(page, columns);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr>", page->out);
        name(page, rows[i].name, "none");
        bar(page, "accepted", rows[i].count, NULL, 0, rows[0].count);
        number(page, "count", rows[i].count);
        number(page, "logins", rows[i].logins);
        time_of(page, "last", rows[i].last);
        fputs("</tr>\n", page->out);
    }
    end(page, count, all);
    html_section_end(page);
}

static void signing(const struct html_page *page)
{
    static const struct column columns[] = {{"domain of From", "name"},
                                            {"", "bar"},
                                            {"signed", "n"},
                                            {"unsigned", "n"},
                                            {"newest unsigned id", "id"}};
    const struct summary *summary = page->summary;
    int64_t most = 0;
    if (!summary->signing.count)
        return;
    for (size_t i = 0; i < summary->signing.count; i++) {
        int64_t all = summary->signing.rows[i].signed_mail + summary->signing.rows[i].unsigned_mail;
        most = all > most ? all : most;
    }
    html_section(page, "Signatures", "Of mail that was let go, by the domain in From.");
    BEGIN(page, columns);
    for (size_t i = 0; i < summary->signing.count; i++) {
        const struct summary_signing *row = &summary->signing.rows[i];
        fputs("<tr>", page->out);
        name(page, row->domain, row->domain ? "(unreadable)" : "(none)");
        bar(page, "accepted", row->signed_mail, "deferred", row->unsigned_mail, most);
        number(page, "signed", row->signed_mail);
        number(page, "unsigned", row->unsigned_mail);
        id(page, "newest unsigned id", row->example);
        fputs("</tr>\n", page->out);
    }
    end(page, summary->signing.count, summary->signing.all);
    html_section_end(page);
}

static void listed(const struct html_page *page, const char *title, const char *note,
                   const char *class, const struct summary_reason *rows, size_t count, int64_t all)
{
    if (!count)
        return;
    if (class)
        fprintf(page->out, "<div class=\"%s\">", class);
    html_section(page, title, note);
    reasons(page, rows, count, all);
    html_section_end(page);
    if (class)
        fputs("</div>\n", page->out);
}

void html_lists(const struct html_page *page)
{
    const struct summary *summary = page->summary;
    listed(page, "Reasons", "Why mail did not pass as it came.", NULL, summary->reasons.rows,
           summary->reasons.count, summary->reasons.all);
    people(page);
    listed(page, "Would have been",
           "What rules that only observe would have done to what went through.", "would",
           summary->would.rows, summary->would.count, summary->would.all);
    contained(page);
    friction(page);
    networks(page);
    if (summary->tls.count) {
        fputs("<div class=\"pair\">\n", page->out);
        uses(page, "TLS", summary->tls.rows, summary->tls.count, summary->tls.all);
        uses(page, "Mechanisms", summary->mechanisms.rows, summary->mechanisms.count,
             summary->mechanisms.all);
        fputs("</div>\n", page->out);
    }
    signing(page);
}
