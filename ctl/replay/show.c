/* The differences as tables. */
#include "ctl/replay/show.h"

#include <inttypes.h>

#include "ctl/plain.h"
#include "ctl/table_text.h"
#include "ctl/when.h"

#define LOGINS_SHOWN 50

static uint64_t difference_count(const struct differences *differences)
{
    uint64_t count = 0;
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        count += differences->kinds[i];
    return count;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_head(const struct show_replay *show, FILE *out)
{
    const struct differences *differences = show->differences;
    char first[WHEN_SIZE], last[WHEN_SIZE];
    when_local_zone(differences->first, first);
    when_local_zone(differences->last, last);
    fprintf(out, "%" PRIu64 " decision%s", differences->judged, plural(differences->judged));
    if (differences->judged)
        fprintf(out, " from %s to %s", first, last);
    fprintf(out, ",\njudged again under ");
    plain_write(out, bytes_of(show->config));
    fputs("\n\n", out);
}

static void print_kinds(const struct differences *differences, FILE *out)
{
    uint64_t differing = difference_count(differences);
    fprintf(out, "%10" PRIu64 "  the same\n",
            differences->judged - differing - differences->faults);
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++)
        if (differences->kinds[i])
            fprintf(out, "%10" PRIu64 "  %s\n", differences->kinds[i],
                    difference_word((enum difference)i));
    if (differences->faults)
        fprintf(out, "%10" PRIu64 "  not judged again: a fault inside decided\n",
                differences->faults);
}

/* The next of a name's parts, which tabs separate. */
static struct bytes next_part(struct bytes *rest)
{
    size_t tab = bytes_find(*rest, '\t');
    struct bytes part = bytes_slice(*rest, 0, tab);
    *rest = bytes_slice(*rest, tab + 1, rest->len);
    return part;
}

static bool print_table(struct table_text *table, FILE *out, struct error *error)
{
    bool printed = table_text_print(table, out, error);
    table_text_free(table);
    return printed;
}

static bool print_rules(const struct differences *differences, FILE *out, struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "RULE"},
        {.title = "THEN"},
        {.title = "NOW"},
        {.title = "DECISIONS", .right = true},
        {.title = "LOGINS", .right = true},
    };
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences->rules, &count);
    if (!count)
        return true;
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    if (!table)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct bytes rest = rows[i]->name;
        for (int part = 0; part < 3; part++)
            table_text_add(table, next_part(&rest));
        table_text_add_number(table, (int64_t)rows[i]->numbers[DIFFERENCES_DECISIONS]);
        table_text_add_number(table, (int64_t)rows[i]->numbers[DIFFERENCES_LOGINS]);
    }
    fputs("\nWhat rules find otherwise\n\n", out);
    return print_table(table, out, error);
}

static bool print_logins(const struct differences *differences, FILE *out, struct error *error)
{
    static const char *const titles[] = {"REFUSED",   "QUARANTINED", "ACCEPTED", "LET ON",
                                         "OTHERWISE", "EDITED",      "SIGNED",   "OBSERVED"};
    struct table_text_column columns[1 + DIFFERENCE_KINDS] = {{.title = "LOGIN", .least = 12}};
    enum difference kinds[DIFFERENCE_KINDS];
    size_t kind_count = 0;
    size_t count;
    struct counts_row *const *rows = counts_sorted(differences->logins, &count);
    if (!count)
        return true;
    for (size_t i = 0; i < DIFFERENCE_KINDS; i++) {
        if (!differences->kinds[i])
            continue;
        kinds[kind_count++] = (enum difference)i;
        columns[kind_count] = (struct table_text_column){.title = titles[i], .right = true};
    }
    struct table_text *table = table_text_new(columns, 1 + kind_count);
    if (!table)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count && i < LOGINS_SHOWN; i++) {
        table_text_add(table, rows[i]->name.len ? rows[i]->name : BYTES("(none)"));
        for (size_t j = 0; j < kind_count; j++)
            table_text_add_number(table, (int64_t)rows[i]->numbers[kinds[j]]);
    }
    fputs("\nWhom it concerns\n\n", out);
    if (!print_table(table, out, error))
        return false;
    if (count > LOGINS_SHOWN)
        fprintf(out, "and %zu more login%s; --json has all\n", count - LOGINS_SHOWN,
                count - LOGINS_SHOWN == 1 ? "" : "s");
    return true;
}

/* In local time, as in all tables; what is no time as it stands there. */
static void add_time(struct table_text *table, const char *text)
{
    struct error error;
    char local[WHEN_SIZE];
    int64_t ms;
    if (when_parse(text, 0, &ms, &error)) {
        when_local(ms, local);
        text = local;
    }
    table_text_add(table, bytes_of(text));
}

static bool print_samples(const struct differences *differences, enum difference kind, FILE *out,
                          struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "ID"},
        {.title = "TIME", .spare = 1},
        {.title = "LOGIN", .least = 8},
        {.title = "FROM", .least = 8},
        {.title = "THEN", .least = 10},
        {.title = "NOW", .least = 10},
    };
    const struct difference_sample *samples;
    size_t count = differences_samples(differences, kind, &samples);
    if (!count)
        return true;
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    if (!table)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++) {
        table_text_add(table, bytes_of(samples[i].id));
        add_time(table, samples[i].time);
        table_text_add(table, bytes_of(samples[i].login[0] ? samples[i].login : "(none)"));
        table_text_add(table, bytes_of(samples[i].from));
        table_text_add(table, bytes_of(samples[i].then));
        table_text_add(table, bytes_of(samples[i].now));
    }
    fprintf(out, "\nThe last of %" PRIu64 " %s\n\n", differences->kinds[kind],
            difference_word(kind));
    return print_table(table, out, error);
}

static bool print_carried(const struct differences *differences, FILE *out, struct error *error)
{
    static const struct table_text_column columns[] = {
        {.title = "RULE"},
        {.title = "AS THEN", .right = true},
        {.title = "NOT AT ALL", .right = true},
    };
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    bool any = false;
    if (!table)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!differences->carried[i])
            continue;
        any = true;
        table_text_add(table, bytes_of(rules[i]->name));
        table_text_add_number(table, (int64_t)(differences->carried[i] - differences->unknown[i]));
        table_text_add_number(table, (int64_t)differences->unknown[i]);
    }
    if (any)
        fputs(
            "\nCan't be judged again: records do not hold what these rules look at (log.capture = "
            "\"headers\"\nwould; of limits and signs of theft: nothing was counted then). What "
            "they "
            "found then was taken;\nwhere they were off then, nothing is known.\n\n",
            out);
    if (!any) {
        table_text_free(table);
        return true;
    }
    return print_table(table, out, error);
}

static void print_notes(const struct differences *differences, FILE *out)
{
    if (differences->kinds[DIFFERENCE_LET_ON])
        fputs("\nLet on: MAIL or RCPT was refused then and would not be now. What would have come "
              "after it is not\nknown, so it may yet be refused.\n",
              out);
    if (differences->older)
        fprintf(out,
                "\n%" PRIu64 " record%s of an older version: recipients, header and body are not "
                "in them.\n",
                differences->older, plural(differences->older));
    if (differences->other_keys)
        fprintf(out,
                "\n%" PRIu64 " would be signed for the same domain by other keys, which counts as "
                "the same.\n",
                differences->other_keys);
}

bool show_replay_text(const struct show_replay *show, FILE *out, struct error *error)
{
    const struct differences *differences = show->differences;
    print_head(show, out);
    print_kinds(differences, out);
    bool good = print_rules(differences, out, error) && print_logins(differences, out, error);
    for (size_t i = 0; good && i < DIFFERENCE_KINDS; i++)
        good = print_samples(differences, (enum difference)i, out, error);
    if (!good || !print_carried(differences, out, error))
        return false;
    print_notes(differences, out);
    return true;
}
