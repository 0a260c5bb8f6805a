/* submilterctl limits top: who sends most just now. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/nearest.h"
#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/limits/command.h"
#include "ctl/report/figures.h"
#include "ctl/table_text.h"
#include "ctl/when.h"
#include "gate/json.h"

#define ROWS 20
#define ROWS_MAX 10000

struct top {
    enum quantity quantity;
    enum window window;
    enum subject_kind kind;
    size_t limit;
    bool as_json;
    struct table_text *table; /* or */
    struct json json;
    size_t rows;
};

static const char *quantity_at(int i)
{
    return i < QUANTITY_COUNT ? quantity_word((enum quantity)i) : NULL;
}

static const char *window_at(int i)
{
    return i < WINDOW_COUNT ? window_word((enum window)i) : NULL;
}

/* The last one, host, is one row only: limits show --host. */
static const char *kind_at(int i)
{
    return i < SUBJECT_HOST ? subject_word((enum subject_kind)i) : NULL;
}

/* The word's number, or -1. */
static int read_word(const char *option, const char *text, const char *(*word_at)(int i),
                     struct error *error)
{
    struct nearest nearest = nearest_to(text);
    for (int i = 0; word_at(i); i++) {
        if (strcmp(text, word_at(i)) == 0)
            return i;
        nearest_offer(&nearest, word_at(i));
    }
    if (nearest.name) {
        error_set(error, "%s: there is no \"%.200s\"; did you mean \"%s\"?", option, text,
                  nearest.name);
        return -1;
    }
    error_set(error, "%s: there is no \"%.200s\"; it is one of", option, text);
    for (int i = 0; word_at(i); i++) {
        size_t len = strlen(error->text);
        snprintf(error->text + len, sizeof error->text - len, "%s %s", i ? "," : "", word_at(i));
    }
    return -1;
}

static bool read_limit(const char *text, size_t *ret_limit, struct error *error)
{
    char *end;
    errno = 0;
    unsigned long limit = strtoul(text, &end, 10);
    *ret_limit = limit;
    return (*text >= '0' && *text <= '9' && !*end && !errno && limit > 0 && limit <= ROWS_MAX) ||
           error_set(error, "--limit: expected a number from 1 to %d, found \"%.200s\"", ROWS_MAX,
                     text);
}

static bool take_option(int option, struct top *top, struct error *error)
{
    int word = 0;
    switch (option) {
    case 'b':
        word = read_word("--by", optarg, quantity_at, error);
        top->quantity = (enum quantity)word;
        break;
    case 'w':
        word = read_word("--window", optarg, window_at, error);
        top->window = (enum window)word;
        break;
    case 'k':
        word = read_word("--kind", optarg, kind_at, error);
        top->kind = (enum subject_kind)word;
        break;
    case 'l':
        return read_limit(optarg, &top->limit, error);
    case 'j':
        top->as_json = true;
        break;
    default:
        return false;
    }
    return word >= 0;
}

static bool visit(const struct counted_subject *subject, void *context)
{
    struct top *top = context;
    char text[FIGURES_SIZE];
    top->rows++;
    if (!top->as_json) {
        table_text_add(top->table, subject->name);
        for (int q = 0; q < QUANTITY_COUNT; q++)
            table_text_add(top->table,
                           bytes_of(figures_count(subject->counted.counts[q][top->window], text)));
        return true;
    }
    json_open(&top->json, NULL, '{');
    json_bytes(&top->json, "name", subject->name);
    for (int q = 0; q < QUANTITY_COUNT; q++)
        json_int(&top->json, quantity_word((enum quantity)q),
                 subject->counted.counts[q][top->window]);
    json_close(&top->json, '}');
    return true;
}

static bool print_table(const struct top *top, struct error *error)
{
    if (!top->rows) {
        printf("No %s has %s within the last %s.\n", subject_word(top->kind),
               quantity_word(top->quantity), window_word(top->window));
        return true;
    }
    printf("By %s within the last %s:\n", quantity_word(top->quantity), window_word(top->window));
    return table_text_print(top->table, stdout, error);
}

static bool print(struct top *top, struct error *error)
{
    if (!top->as_json && !print_table(top, error))
        return false;
    if (top->as_json) {
        json_close(&top->json, ']');
        json_close(&top->json, '}');
        json_raw(&top->json, BYTES("\n"));
        if (top->json.failed)
            return error_set(error, "out of memory");
        fwrite(top->json.data, 1, top->json.len, stdout);
    }
    return true;
}

static int list(struct top *top, const char *config, struct error *error)
{
    struct admin admin;
    int status = admin_open(config, &admin, error);
    if (status)
        return status;
    if (!limits_top(admin.limits, top->kind, top->quantity, top->window, when_now(), top->limit,
                    visit, top, error))
        status = EX_TEMPFAIL;
    else
        admin_warn_of_alone(&admin, false);
    admin_close(&admin);
    return status || print(top, error) ? status : EX_OSERR;
}

static int list_table(struct top *top, const char *config, struct error *error)
{
    struct table_text_column columns[1 + QUANTITY_COUNT] = {
        {.title = subject_word(top->kind), .least = 10}};
    for (int q = 0; q < QUANTITY_COUNT; q++)
        columns[1 + q] =
            (struct table_text_column){.title = quantity_word((enum quantity)q), .right = true};
    top->table = table_text_new(columns, sizeof columns / sizeof *columns);
    int status =
        top->table ? list(top, config, error) : (error_set(error, "out of memory"), EX_OSERR);
    table_text_free(top->table);
    return status;
}

static int list_json(struct top *top, const char *config, struct error *error)
{
    json_init(&top->json);
    json_open(&top->json, NULL, '{');
    json_text(&top->json, "kind", subject_word(top->kind));
    json_text(&top->json, "by", quantity_word(top->quantity));
    json_text(&top->json, "window", window_word(top->window));
    json_open(&top->json, "rows", '[');
    int status = list(top, config, error);
    json_done(&top->json);
    return status;
}

int limits_command_top(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"by", required_argument, NULL, 'b'},   {"window", required_argument, NULL, 'w'},
        {"kind", required_argument, NULL, 'k'}, {"limit", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},       {0}};
    struct top top = {.window = WINDOW_HOUR, .limit = ROWS};
    struct error error = {""};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(option, &top, &error))
            return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (optind < argc) {
        error_set(&error, "\"%.200s\": limits top takes options only", argv[optind]);
        return command_complain(&error, EX_USAGE);
    }
    int status = top.as_json ? list_json(&top, config, &error) : list_table(&top, config, &error);
    return status ? command_complain(&error, status) : 0;
}
