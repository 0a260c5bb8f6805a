/* Reading the options of setup, and what their values have to look like. */
#include "ctl/setup/arguments.h"

#include <getopt.h>
#include <string.h>

#include "conf/checks.h"
#include "ctl/absolute_path.h"
#include "dkim/our_command.h"
#include "mta/endpoint.h"
#include "policy/shell.h"

enum {
    OPTION_PLACE = 256,
    OPTION_CF,
    OPTION_CF_FOLDER,
    OPTION_STATE,
    OPTION_DAEMON,
    OPTION_SOCKET,
    OPTION_DOMAIN,
    OPTION_RECORDS,
    OPTION_HISTORY,
    OPTION_USER
};

/* A program without a slash is looked for in PATH. */
static bool is_path(int option, const char *value)
{
    return option == OPTION_PLACE || option == OPTION_CF || option == OPTION_CF_FOLDER ||
           option == OPTION_STATE || (option == OPTION_DAEMON && strchr(value, '/'));
}

static bool add_domain(struct arena *arena, struct texts *domains, const char *domain)
{
    const char **items = arena_alloc(arena, (domains->count + 1) * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < domains->count; i++)
        items[i] = domains->items[i];
    items[domains->count] = domain;
    *domains = (struct texts){items, domains->count + 1};
    return true;
}

static bool take(struct arena *arena, struct setup_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_PLACE:
        options->place = value;
        return true;
    case OPTION_CF:
        options->cf = value;
        return true;
    case OPTION_CF_FOLDER:
        options->cf_folder = value;
        return true;
    case OPTION_STATE:
        options->state = value;
        return true;
    case OPTION_DAEMON:
        options->daemon = value;
        return true;
    case OPTION_SOCKET:
        options->socket = value;
        return true;
    case OPTION_RECORDS:
        options->records = value;
        return true;
    case OPTION_HISTORY:
        options->history = value;
        return true;
    case OPTION_USER:
        options->user = value;
        return true;
    case OPTION_DOMAIN:
        return add_domain(arena, &options->domains, value);
    default:
        return false;
    }
}

static bool take_value(struct arena *arena, struct setup_options *options, const char *name,
                       int option, const char *given)
{
    const char *value = is_path(option, given) ? absolute_path(arena, given) : given;
    if (!value || !take(arena, options, option, value))
        return false;
    options->again =
        arena_printf(arena, "%s --%s %s", options->again, name, shell_quote(arena, value));
    return options->again != NULL;
}

bool arguments_read(struct arena *arena, int argc, char **argv, struct setup_arguments *arguments)
{
    int yes = 0;
    int enforce = 0;
    int no_keys = 0;
    int undo = 0;
    int force = 0;
    int json = 0;
    const struct option rows[] = {
        {arguments->kind->place_option, required_argument, NULL, OPTION_PLACE},
        {"state", required_argument, NULL, OPTION_STATE},
        {"daemon", required_argument, NULL, OPTION_DAEMON},
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"records", required_argument, NULL, OPTION_RECORDS},
        {"history", required_argument, NULL, OPTION_HISTORY},
        {"user", required_argument, NULL, OPTION_USER},
        {"domain", required_argument, NULL, OPTION_DOMAIN},
        {"yes", no_argument, &yes, 1},
        {"enforce", no_argument, &enforce, 1},
        {"no-keys", no_argument, &no_keys, 1},
        {"undo", no_argument, &undo, 1},
        {"force", no_argument, &force, 1},
        {"json", no_argument, &json, 1},
        /* A row without a name ends the list. */
        {arguments->kind->makes_cf ? "cf" : NULL, required_argument, NULL, OPTION_CF},
        {"cf-dir", required_argument, NULL, OPTION_CF_FOLDER},
        {0}};
    struct setup_options *options = &arguments->options;
    int option;
    int row = 0;
    options->config = absolute_path(arena, options->config);
    options->again = arena_printf(arena, "%s setup %s", our_command(), arguments->kind->name);
    while ((option = getopt_long(argc, argv, "", rows, &row)) != -1)
        if (option != 0 && !take_value(arena, options, rows[row].name, option, optarg))
            return false;
    if (no_keys && options->again)
        options->again = arena_printf(arena, "%s --no-keys", options->again);
    arguments->undo = undo;
    arguments->force = force;
    arguments->json = json;
    options->enforce = enforce;
    options->keys = !no_keys;
    options->carry_out = yes || undo;
    return optind == argc && options->config && options->again;
}

static bool check_path(const char *text, struct error *error)
{
    return *text || error_set(error, "expected a path");
}

static bool check_kept(const char *text, struct error *error)
{
    return check_path_or_none(text, error) ||
           error_set(error, "expected an absolute path, or '' for none");
}

/* Of one that is handed over nobody could tell the MTA where it is. */
static bool check_reached(const char *text, struct error *error)
{
    bool good = check_socket(text, error);
    if (good ? !endpoint_is_handed_over(text) : strncmp(text, "unix:/", 6) == 0)
        return good;
    return error_set(error, "expected where the MTA finds submilter: \"unix:/PATH\", "
                            "\"inet:PORT@IPV4-ADDRESS\" or \"inet6:PORT@IPV6-ADDRESS\"");
}

/* It stands in commands and in systemd's units, too. */
static bool check_user(const char *text, struct error *error)
{
    bool good = check_word(text, error) && *text != '-' && !strpbrk(text, ":/,");
    return good || error_set(error, "expected the name of a user");
}

bool arguments_check(const struct setup_arguments *arguments, struct error *error)
{
    const struct setup_options *options = &arguments->options;
    const struct {
        const char *name;
        const char *value; /* NULL: not given */
        bool (*check)(const char *text, struct error *error);
    } rows[] = {
        {arguments->kind->place_option, options->place, check_path},
        {"state", options->state, check_path},
        {"daemon", options->daemon, check_path},
        {"cf", options->cf, check_path},
        {"cf-dir", options->cf_folder, check_path},
        {"socket", options->socket, check_reached},
        {"records", options->records, check_kept},
        {"history", options->history, check_kept},
        {"user", options->user, check_user},
    };
    struct error why;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value && !rows[i].check(rows[i].value, &why))
            return error_set(error, "--%s %s: %s", rows[i].name, shell_word(rows[i].value).text,
                             why.text);
    return true;
}
