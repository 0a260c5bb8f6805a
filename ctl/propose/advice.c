/* What to do with a proposed table. */
#include "ctl/propose/proposal.h"

#include <string.h>

#include "conf/quote.h"
#include "ctl/reload_hint.h"
#include "dkim/our_command.h"

#define EXAMPLE_TABLE "/etc/submilter/proposed"
#define EXAMPLE_PATTERNS "/etc/submilter/own.pcre"

static void write_spec(const char *kind, const char *path, FILE *out)
{
    char text[4200];
    snprintf(text, sizeof text, "%s:%s", kind, path);
    quote_write(out, text);
}

static void write_setting(const struct proposal *proposal, const char *before, FILE *out)
{
    const struct texts *tables = &proposal->settings->senders.tables;
    fprintf(out, "%s  senders: { tables = [ ", before);
    write_spec("texthash", proposal->output ? proposal->output : EXAMPLE_TABLE, out);
    for (size_t i = 0; i < tables->count; i++) {
        fputs(", ", out);
        quote_write(out, tables->items[i]);
    }
    if (!tables->count) {
        fputs(", ", out);
        write_spec("pcre", EXAMPLE_PATTERNS, out);
    }
    fputs(" ]; };\n", out);
}

/* What a login owns without any table, as patterns. */
static void write_local_pattern(const struct proposal *proposal, FILE *out)
{
    const struct senders_settings *senders = &proposal->settings->senders;
    const char *delimiters = senders->extensions ? senders->recipient_delimiter : NULL;
    if (!delimiters || !*delimiters) {
        fputs("/^(.+)()@(", out);
        return;
    }
    char class[200] = "";
    for (size_t i = 0; i < 60 && delimiters[i]; i++) {
        char one[] = {'\\', delimiters[i], '\0'};
        strcat(class, one);
    }
    fprintf(out, "/^([^%s]+)([%s].*)?@(", class, class);
}

static void write_patterns(const struct proposal *proposal, const char *before, FILE *out)
{
    const struct texts *domains = &proposal->settings->site.domains;
    if (domains->count) {
        fprintf(out, "%s    ", before);
        write_local_pattern(proposal, out);
        for (size_t i = 0; i < domains->count; i++) {
            fputs(i ? "|" : "", out);
            for (const char *at = domains->items[i]; *at; at++)
                fprintf(out, "%s%c", *at == '.' ? "\\" : "", *at);
        }
        fputs(")$/  $1, $1@$3\n", out);
    }
    fprintf(out, "%s    ", before);
    write_local_pattern(proposal, out);
    fputs(".+)$/  $1@$3\n", out);
}

void proposal_write_advice(const struct proposal *proposal, const char *before, FILE *out)
{
    const struct senders_settings *senders = &proposal->settings->senders;
    if (senders->case_sensitive_local)
        fprintf(
            out,
            "%sRecords have addresses in small letters. With senders.case_sensitive_local rows\n"
            "%sfor others are yours to write.\n",
            before, before);
    if (!senders->tables.count) {
        fprintf(out,
                "%sToday there is no table, and a login owns the address that it equals. With one\n"
                "%sonly rows count: to keep that, put these into " EXAMPLE_PATTERNS ":\n",
                before, before);
        write_patterns(proposal, before, out);
    }
    fprintf(out,
            "%sTo use it, name it first: the first row that is found decides, and each row names\n"
            "%stoday's logins of its address too.\n",
            before, before);
    write_setting(proposal, before, out);
    fprintf(out,
            "%sTo see before what that changes, with that line in a copy of the configuration:\n"
            "%s  %s replay --config COPY\n"
            "%sThen: " RELOAD_HINT "\n",
            before, before, our_command(), before);
}
