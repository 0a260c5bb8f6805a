/* A summary as one HTML page. */
#include <openssl/evp.h>
#include <string.h>

#include "ctl/report/figures.h"
#include "ctl/report/html_private.h"
#include "ctl/report/markup.h"
#include "ctl/when.h"
#include "dkim/our_command.h"

void html_section(const struct html_page *page, const char *title, const char *note)
{
    fprintf(page->out, "<section>\n<h2>%s</h2>\n", title);
    if (note)
        fprintf(page->out, "<p class=\"note\">%s</p>\n", note);
}

void html_section_end(const struct html_page *page)
{
    fputs("</section>\n", page->out);
}

void html_time(const struct html_page *page, int64_t at)
{
    char utc[WHEN_SIZE], local[WHEN_SIZE];
    when_utc(at, utc);
    when_local(at, local);
    local[strlen(local) - 3] = '\0'; /* no seconds */
    fprintf(page->out, "<time datetime=\"%s\">%s</time>", utc, local);
}

void html_swatch(const struct html_page *page, const char *class)
{
    fprintf(page->out,
            "<svg class=\"key\" width=\"11\" height=\"11\" aria-hidden=\"true\"><rect class=\"%s\" "
            "width=\"11\" height=\"11\" rx=\"2\"/></svg>",
            class);
}

/* Only the style that we wrote holds, and nothing is loaded or sent: what a mail's text might do,
 * were the escaping wrong. */
static void head(const struct html_page *page)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char base64[2 * EVP_MAX_MD_SIZE];
    size_t len = 0;
    const char *source = "'none'";
    char hash[2 * EVP_MAX_MD_SIZE + 20];
    if (EVP_Q_digest(NULL, "SHA256", NULL, html_style, strlen(html_style), digest, &len) == 1) {
        EVP_EncodeBlock(base64, digest, (int)len);
        snprintf(hash, sizeof hash, "'sha256-%s'", (const char *)base64);
        source = hash;
    }
    fprintf(page->out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "%s; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<meta name=\"robots\" content=\"noindex\">\n"
            "<title>Mail decisions</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n",
            source, html_style);
}

static void title(const struct html_page *page)
{
    const struct summary *summary = page->summary;
    char span[FIGURES_SIZE], until[WHEN_SIZE];
    when_local_zone(summary->until, until);
    const char *zone = strrchr(until, ' ') + 1;
    fputs("<header>\n<h1>Mail decisions</h1>\n<p class=\"when\">", page->out);
    html_time(page, summary->since);
    fputs(" to ", page->out);
    html_time(page, summary->until);
    fprintf(page->out, " (%s), times at UTC%s.",
            figures_span(summary->until - summary->since, span),
            strcmp(zone, "+0000") == 0 ? "" : zone);
    if (summary->decisions && summary->begin > summary->since + summary->bucket_ms) {
        fputs(" What is known begins on ", page->out);
        html_time(page, summary->begin);
        fputc('.', page->out);
    }
    fputs("</p>\n</header>\n", page->out);
}

static void tile(const struct html_page *page, const char *name, const char *value,
                 const char *more)
{
    fprintf(page->out, "<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>\n", name, value, more);
}

static void count_tile(const struct html_page *page, const char *name, int64_t count)
{
    char number[FIGURES_SIZE], share[FIGURES_SIZE];
    tile(page, name, figures_count(count, number),
         figures_percent(count, page->summary->decisions, share));
}

static void tiles(const struct html_page *page)
{
    const struct summary *summary = page->summary;
    char number[FIGURES_SIZE], more[100], other[FIGURES_SIZE];
    fprintf(page->out, "<dl class=\"tiles%s\">\n",
            summary->counts[SUMMARY_QUARANTINED] ? " seven" : "");
    snprintf(more, sizeof more, "%s on whole messages", figures_count(summary->messages, other));
    tile(page, "Decisions", figures_count(summary->decisions, number), more);
    count_tile(page, "Accepted", summary->counts[SUMMARY_ACCEPTED]);
    count_tile(page, "Fixed", summary->counts[SUMMARY_FIXED]);
    if (summary->counts[SUMMARY_QUARANTINED])
        count_tile(page, "Quarantined", summary->counts[SUMMARY_QUARANTINED]);
    count_tile(page, "Deferred", summary->counts[SUMMARY_DEFERRED]);
    count_tile(page, "Refused", summary->counts[SUMMARY_REFUSED]);
    snprintf(more, sizeof more, "%s with mail stopped", figures_count(summary->stopped, other));
    tile(page, "Logins", figures_count(summary->logins, number), more);
    fputs("</dl>\n", page->out);
}

void report_html(const struct summary *summary, FILE *out)
{
    const struct html_page page = {summary, out};
    head(&page);
    title(&page);
    if (summary->decisions) {
        tiles(&page);
        html_over_time(&page);
        html_lists(&page);
        html_latency(&page);
    } else {
        html_section(&page, "No mail was decided on in this time", NULL);
        html_section_end(&page);
    }
    fputs("<footer>An id leads to its decision: <code>", out);
    markup_write(out, bytes_of(our_command()));
    fputs(" explain ID</code>. People&#39;s addresses stand on this page: keep it as you keep the "
          "mail log.</footer>\n"
          "</main>\n</body>\n</html>\n",
          out);
}
