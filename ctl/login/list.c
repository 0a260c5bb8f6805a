/* submilterctl login: every login that is contained. */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/login/command.h"
#include "ctl/login/state_text.h"
#include "ctl/span.h"
#include "ctl/table_text.h"
#include "ctl/when.h"

struct list {
    int64_t now;
    struct table_text *table; /* NULL: */
    struct json json;
    size_t count;
};

static bool visit(struct bytes login, const struct login_standing *standing, void *context)
{
    struct list *list = context;
    char time[WHEN_SIZE], span[SPAN_SIZE];
    list->count++;
    if (!list->table) {
        json_open(&list->json, NULL, '{');
        json_bytes(&list->json, "login", login);
        state_text_json(&list->json, standing);
        json_close(&list->json, '}');
        return true;
    }
    table_text_add(list->table, login);
    table_text_add(list->table, bytes_of(login_state_word(standing->state)));
    when_short(standing->since * 1000, list->now, time);
    table_text_add(list->table, bytes_of(time));
    table_text_add(list->table,
                   bytes_of(standing->until ? span_text(standing->until - list->now / 1000, span)
                                            : "until thawed"));
    table_text_add(list->table, standing->cause);
    return true;
}

static bool print(struct list *list, struct error *error)
{
    if (list->table && list->count && !table_text_print(list->table, stdout, error))
        return false;
    if (list->table && !list->count)
        puts("No login is slowed or frozen.");
    if (!list->table) {
        json_close(&list->json, ']');
        json_raw(&list->json, BYTES("\n"));
        if (list->json.failed)
            return error_set(error, "out of memory");
        fwrite(list->json.data, 1, list->json.len, stdout);
    }
    return true;
}

static int list_all(struct list *list, const char *config, struct error *error)
{
    struct admin admin;
    int status = admin_open(config, &admin, error);
    if (status)
        return status;
    if (!limits_contained(admin.limits, list->now, visit, list, error))
        status = EX_TEMPFAIL;
    else
        admin_warn_of_alone(&admin, false);
    admin_close(&admin);
    return status || print(list, error) ? status : EX_OSERR;
}

int login_command_list(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    static const struct table_text_column columns[] = {{.title = "login", .least = 10},
                                                       {.title = "state"},
                                                       {.title = "since"},
                                                       {.title = "for", .right = true},
                                                       {.title = "cause", .least = 8}};
    struct list list = {.now = when_now()};
    struct error error;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return EX_USAGE;
        json = true;
    }
    if (optind < argc) {
        error_set(&error, "\"%.200s\": login show shows one of them", argv[optind]);
        return command_complain(&error, EX_USAGE);
    }
    json_init(&list.json);
    if (json)
        json_open(&list.json, NULL, '[');
    else
        list.table = table_text_new(columns, sizeof columns / sizeof *columns);
    int status = list_all(&list, config, &error);
    table_text_free(list.table);
    json_done(&list.json);
    return status ? command_complain(&error, status) : 0;
}
