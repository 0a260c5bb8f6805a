/* What still changes a message after submilter has signed it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"
#include "mta/program.h"
#include "mta/words.h"

static const struct doctor_kind kinds[] = {
    {"postfix.generic-maps", DOCTOR_PROBLEM,
     "smtp_generic_maps rewrite addresses after the signature",
     "A From or To that changes on its way out breaks the signature, and DMARC with it. Rewrite "
     "before the milters instead: canonical_maps."},
    {"postfix.header-checks", DOCTOR_PROBLEM,
     "header or body checks of the SMTP client change what is signed",
     "They are applied on the way out, after the signature. header_checks without smtp_ come "
     "before it."},
    {"postfix.milter-header-checks", DOCTOR_PROBLEM,
     "milter_header_checks take away fields that submilter adds",
     "The signature or the Message-ID that submilter added is dropped again."},
    {"postfix.mime-conversion", DOCTOR_ADVICE,
     "Postfix converts 8-bit mail after the signature where the next server lacks 8BITMIME",
     "The converted body no longer fits the signature. Servers without 8BITMIME take 8-bit mail "
     "all the same."},
    {"postfix.discards-8bitmime", DOCTOR_PROBLEM,
     "the SMTP client is told to overlook 8BITMIME, and converts all 8-bit mail",
     "The converted body no longer fits the signature."},
    {"postfix.line-length", DOCTOR_PROBLEM, "the SMTP client breaks lines shorter than 998 bytes",
     "A line that is broken after the signature no longer fits it."},
};

/* The fields' names that a table of header checks may not touch. */
struct protected_names {
    const struct texts *first;
    const struct texts *second;
};

/* "/^Received:/" is about Received alone; NULL for a pattern that can't be told to be about one
 * field. */
static struct bytes field_of(const char *line)
{
    size_t start = strspn(line, " \t/!|#^(");
    size_t len = strspn(line + start, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-");
    if (!strchr(line, '^') || line[start + len] != ':')
        return (struct bytes){NULL, 0};
    return (struct bytes){line + start, len};
}

static bool changes(const char *line)
{
    return strcasestr(line, "IGNORE") || strcasestr(line, "REPLACE") || strcasestr(line, "STRIP");
}

/* Whether one of its rules changes a field that is signed, or may do so. Tables other than regexp
 * and pcre are not read: they may. */
static bool touches(struct doctor *doctor, const char *table, const struct protected_names *names,
                    bool unknown, const char **ret_rule)
{
    const char *colon = strchr(table, ':');
    size_t number = 0;
    *ret_rule = table;
    if (!colon || (strncmp(table, "regexp:", 7) != 0 && strncmp(table, "pcre:", 5) != 0))
        return unknown;
    FILE *file = fopen(colon + 1, "re");
    char line[4096];
    bool found = false;
    if (!file)
        return unknown;
    while (!found && fgets(line, sizeof line, file)) {
        number++;
        size_t start = strspn(line, " \t");
        if (line[start] == '#' || !changes(line))
            continue;
        struct bytes field = field_of(line);
        found = field.len ? texts_have(names->first, field) ||
                                (names->second && texts_have(names->second, field))
                          : unknown;
        if (found)
            *ret_rule = arena_printf(doctor->arena, "line %zu of %s: %.*s", number, colon + 1,
                                     (int)strcspn(line, "\r\n"), line);
    }
    fclose(file);
    return found;
}

/* ret_rule: the first such rule, or the table that is not read. */
static bool list_touches(struct doctor *doctor, const char *list,
                         const struct protected_names *names, bool unknown, const char **ret_rule)
{
    struct texts tables;
    if (!words_split(doctor->arena, list, &tables))
        return false;
    for (size_t i = 0; i < tables.count; i++)
        if (touches(doctor, tables.items[i], names, unknown, ret_rule))
            return true;
    return false;
}

/* Whether an address of our domains may be rewritten: asked of tables that can be listed. */
static bool maps_ours(struct doctor *doctor, const char *table)
{
    const char *argv[] = {"postmap", "-c", doctor->postfix->config, "-s", table, NULL};
    struct program_output output;
    struct error error;
    if (!program_run(doctor->arena, argv, 30, &output, &error) || output.status != 0)
        return true;
    for (size_t i = 0; i < doctor->settings->site.domains.count; i++) {
        const char *at =
            arena_printf(doctor->arena, "@%s", doctor->settings->site.domains.items[i]);
        struct bytes rest = output.out;
        while (rest.len) {
            size_t end = bytes_find(rest, '\n');
            struct bytes key = bytes_slice(rest, 0, bytes_find(bytes_slice(rest, 0, end), '\t'));
            if (!at || bytes_end_with_nocase(key, bytes_of(at)))
                return true;
            rest = bytes_slice(rest, end + 1, rest.len);
        }
    }
    return false;
}

static void look_at_generic(struct doctor *doctor, const struct postfix_service *service,
                            const char *where, const char *name)
{
    const char *value = postfix_service_value(doctor->postfix, service, name);
    struct texts tables;
    bool ours = false;
    if (!words_split(doctor->arena, value, &tables))
        return;
    for (size_t i = 0; i < tables.count; i++)
        ours = ours || maps_ours(doctor, tables.items[i]);
    if (ours)
        doctor_find(doctor, "postfix.generic-maps",
                    services_overrides(service, name) ? where : "main.cf",
                    mend_sentence(doctor,
                                  "take the addresses of our domains out of it, or rewrite them "
                                  "before the signature, by canonical_maps; then: postfix%s reload",
                                  mend_postfix_option(doctor)),
                    "%s = %s", name, value);
}

static void look_at_checks(struct doctor *doctor, const struct postfix_service *service,
                           const char *where)
{
    static const char *const lists[] = {"smtp_header_checks", "smtp_mime_header_checks",
                                        "smtp_nested_header_checks", "smtp_body_checks"};
    const struct dkim_settings *dkim = &doctor->settings->dkim;
    const struct protected_names names = {&dkim->sign_fields, &dkim->oversign_fields};
    const char *rule;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *value = postfix_service_value(doctor->postfix, service, lists[i]);
        /* All but the first change the body, which is signed as a whole. */
        if (i == 0 && list_touches(doctor, value, &names, true, &rule))
            doctor_find(doctor, "postfix.header-checks",
                        services_overrides(service, lists[i]) ? where : "main.cf",
                        mend_sentence(doctor,
                                      "take it out of %s, or move it to header_checks, which comes "
                                      "before the signature; then: postfix%s reload",
                                      lists[i], mend_postfix_option(doctor)),
                        "%s = %s: %s", lists[i], value, rule ? rule : "");
        else if (i > 0 && *value)
            doctor_find(doctor, "postfix.header-checks",
                        services_overrides(service, lists[i]) ? where : "main.cf",
                        mend_where_set(doctor, service, lists[i], ""), "%s = %s", lists[i], value);
    }
}

static void look_at_conversion(struct doctor *doctor, const struct postfix_service *service,
                               const char *where)
{
    static const char convert[] = "disable_mime_output_conversion";
    static const char discard[] = "smtp_discard_ehlo_keywords";
    static const char length[] = "smtp_line_length_limit";
    const struct postfix *postfix = doctor->postfix;
    const char *discarded = postfix_service_value(postfix, service, discard);
    bool off = postfix_says_yes(postfix_service_value(postfix, service, convert));
    if (!off)
        doctor_find(doctor, "postfix.mime-conversion",
                    services_overrides(service, convert) ? where : "main.cf",
                    mend_where_set(doctor, service, convert, "yes"), "%s = no", convert);
    if (!off && services_list_has(doctor, discarded, "8bitmime"))
        doctor_find(doctor, "postfix.discards-8bitmime",
                    services_overrides(service, discard) ? where : "main.cf",
                    mend_where_set(doctor, service, discard,
                                   services_list_without(doctor, discarded, "8bitmime")),
                    "%s = %s", discard, discarded);
    long most = strtol(postfix_service_value(postfix, service, length), NULL, 10);
    if (most > 0 && most < 998)
        doctor_find(doctor, "postfix.line-length",
                    services_overrides(service, length) ? where : "main.cf",
                    mend_where_set(doctor, service, length, "998"), "%s = %ld", length, most);
}

static void look_at_milter_checks(struct doctor *doctor)
{
    static const char name[] = "milter_header_checks";
    static const char *const ours[] = {"DKIM-Signature", "Message-ID", "Date"};
    const struct texts added = {ours, sizeof ours / sizeof *ours};
    const struct protected_names names = {&added, NULL};
    const char *value = postfix_value(doctor->postfix, name);
    const char *rule;
    if (list_touches(doctor, value, &names, false, &rule))
        doctor_find(doctor, "postfix.milter-header-checks", "main.cf",
                    mend_sentence(doctor, "take it out of %s; then: postfix%s reload", name,
                                  mend_postfix_option(doctor)),
                    "%s = %s: %s", name, value, rule ? rule : "");
}

static void look(struct doctor *doctor)
{
    if (!doctor->settings)
        return;
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (!service->program || strcmp(service->program, "smtp") != 0)
            continue; /* lmtp's are our own mailboxes */
        const char *where = services_name(doctor, service);
        look_at_generic(doctor, service, where, "smtp_generic_maps");
        look_at_checks(doctor, service, where);
        look_at_conversion(doctor, service, where);
    }
    look_at_milter_checks(doctor);
}

const struct doctor_check doctor_check_rewriting = {
    .theme = "rewriting",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "what Postfix changes after the signature",
    DOCTOR_KINDS(kinds),
    .look = look,
};
