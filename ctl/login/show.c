/* submilterctl login show: one login's state. */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/login/command.h"
#include "ctl/login/state_text.h"
#include "ctl/plain.h"
#include "ctl/when.h"
#include "policy/login.h"

#define CEILING ((size_t)1 << 20)

static bool print(const char *login, const struct limits_request *look, bool found, bool json,
                  struct error *error)
{
    struct json text;
    const struct login_standing *standing = &look->answer.standing;
    json_init(&text);
    if (json) {
        json_open(&text, NULL, '{');
        json_bytes(&text, "login", bytes_of(login));
        state_text_json(&text, standing);
        json_close(&text, '}');
        if (!text.failed)
            puts(text.data);
    } else {
        plain_write_value(stdout, bytes_of(login));
        fputs(" is ", stdout);
        state_text_print(stdout, standing, look->who.now);
        puts(found ? "" : "; nothing is counted of a login of that name");
    }
    bool good = !text.failed || error_set(error, "out of memory");
    json_done(&text);
    return good;
}

static int show(const char *login, const char *config, bool json, struct error *error)
{
    struct admin admin;
    bool found;
    struct limits_request look = {.op = LIMITS_LOOK, .who.now = when_now()};
    int status = admin_open(config, &admin, error);
    if (status)
        return status;
    look.who.names[SUBJECT_LOGIN] = bytes_of(login);
    if (!limits_show(admin.limits, &look, &found, error))
        status = EX_TEMPFAIL;
    else {
        admin_warn_of_alone(&admin, false);
        if (!print(login, &look, found, json, error))
            status = EX_OSERR;
    }
    admin_close(&admin);
    return status;
}

int login_command_show(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    struct error error;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return EX_USAGE;
        json = true;
    }
    if (optind + 1 != argc || !argv[optind][0]) {
        error_set(&error, "one login is expected");
        return command_complain(&error, EX_USAGE);
    }
    struct arena *arena = arena_new(CEILING);
    const char *login = arena ? login_compose(arena, bytes_of(argv[optind])).data : argv[optind];
    int status = show(login, config, json, &error);
    arena_free(arena);
    return status ? command_complain(&error, status) : 0;
}
