/* submilterctl login freeze, slow, thaw. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "conf/modes.h"
#include "conf/unit.h"
#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/login/cause.h"
#include "ctl/login/command.h"
#include "ctl/login/state_text.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/when.h"
#include "dkim/our_command.h"
#include "policy/login.h"

#define SPAN_MAX (INT64_C(3660) * 86400) /* ten years: a longer one is a slip */
#define CEILING ((size_t)1 << 20)
#define THAW_HOLDS (INT64_C(1) * 86400) /* as long as the longest window */

struct change {
    enum login_state state;
    const char *login;
    int64_t span; /* seconds; 0: until it is thawed */
    char cause[LIMITS_CAUSE_MAX + 1];
};

static bool ends_in_digit(const char *text)
{
    size_t len = strlen(text);
    return len && text[len - 1] >= '0' && text[len - 1] <= '9';
}

/* A number without a unit would be seconds: who types it hardly means that. */
static bool read_span(const char *text, int64_t *ret_span, struct error *error)
{
    return (!ends_in_digit(text) && unit_read(OPTION_DURATION, bytes_of(text), ret_span) &&
            *ret_span > 0 && *ret_span <= SPAN_MAX) ||
           error_set(error, "--for: expected a span of time like 30m, 2h or 7d, found \"%.200s\"",
                     text);
}

/* error->text is empty where getopt has said what is wrong. */
static bool read_arguments(int argc, char **argv, struct change *change, struct error *error)
{
    static const struct option options[] = {
        {"because", required_argument, NULL, 'b'}, {"for", required_argument, NULL, 'f'}, {0}};
    const char *because = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'b')
            because = optarg;
        else if (option != 'f')
            return false;
        else if (!read_span(optarg, &change->span, error))
            return false;
    }
    if (change->span && change->state == LOGIN_NORMAL)
        return error_set(error, "--for: a login is thawed for good");
    if (optind == argc || !argv[optind][0])
        return error_set(error, "which one? A login is expected");
    if (optind + 1 < argc)
        return error_set(error, "\"%.200s\": one login at a time", argv[optind + 1]);
    if (change->state != LOGIN_NORMAL && argv[optind][0] == '@')
        return error_set(error,
                         "\"%.200s\": a whole domain is not frozen or slowed: name the logins, one "
                         "by one",
                         argv[optind]);
    change->login = argv[optind];
    return cause_write(because, change->cause, error);
}

/* Whose name is right: something was counted of it, or a correspondent learned. */
static bool is_known(struct limits *limits, const struct change *change, bool found, int64_t now)
{
    struct error ignored;
    int64_t remembered, known;
    return found || (limits_count_correspondents(limits, bytes_of(change->login), now, &remembered,
                                                 &known, &ignored) &&
                     remembered > 0);
}

static void say(const struct change *change, const struct login_standing *standing,
                const struct limits_request *before, bool known, int64_t now)
{
    struct error warning;
    plain_write_value(stdout, bytes_of(change->login));
    fputs(" is ", stdout);
    state_text_print(stdout, standing, now);
    if (before->answer.standing.state != LOGIN_NORMAL) {
        fputs("; it had been ", stdout);
        state_text_print_past(stdout, &before->answer.standing);
    }
    putchar('\n');
    output_flush();
    if (known)
        return;
    error_set(&warning, "nothing was ever counted of a login \"%.200s\": is that its name?",
              change->login);
    command_complain(&warning, 0);
}

/* Where the rule that holds the mail back does not hold, the state alone stops nothing. */
static void warn_of_unheld(const struct settings *settings, const struct change *change)
{
    struct arena *arena = arena_new(CEILING);
    struct mode_rows rows = {0};
    struct error warning;
    if (change->state == LOGIN_NORMAL || !arena ||
        !modes_of_rule(settings, RULE_login_state, arena, &rows))
        rows.count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const char *policy = rows.rows[i].policy;
        enum mode mode =
            modes_for_login(settings, policy, bytes_of(change->login), RULE_login_state);
        if (rows.rows[i].group || mode == MODE_ENFORCE)
            continue;
        error_set(&warning,
                  "its mail goes on in policy %s, where the rule login_state is in mode %s: "
                  "%s enforce login_state --policy %s",
                  policy, mode_word(mode), our_command(), policy);
        command_complain(&warning, 0);
    }
    arena_free(arena);
}

static bool carry_out(struct admin *admin, const struct change *change, struct error *error)
{
    int64_t now = when_now();
    int64_t span = change->state == LOGIN_NORMAL ? THAW_HOLDS : change->span;
    bool found;
    struct limits_request before = {.op = LIMITS_LOOK, .who.now = now};
    const struct login_standing standing = {.state = change->state,
                                            .since = now / 1000,
                                            .until = span ? now / 1000 + span : 0,
                                            .cause = bytes_of(change->cause)};
    before.who.names[SUBJECT_LOGIN] = bytes_of(change->login);
    if (!limits_show(admin->limits, &before, &found, error) ||
        !limits_set_standing(admin->limits, bytes_of(change->login), &standing, error))
        return false;
    output_change_made();
    say(change, &standing, &before, is_known(admin->limits, change, found, now), now);
    return true;
}

static int run(enum login_state state, const char *config, int argc, char **argv)
{
    struct change change = {.state = state};
    struct admin admin;
    struct error error = {""};
    if (!read_arguments(argc, argv, &change, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    int status = admin_open(config, &admin, &error);
    if (status)
        return command_complain(&error, status);
    struct arena *arena = arena_new(CEILING);
    if (arena)
        change.login = login_compose(arena, bytes_of(change.login)).data;
    if (!carry_out(&admin, &change, &error))
        status = command_complain(&error, EX_TEMPFAIL);
    else {
        admin_warn_of_alone(&admin, true);
        warn_of_unheld(admin.settings, &change);
        admin_warn_of_no_daemon(&admin);
    }
    arena_free(arena);
    admin_close(&admin);
    return status;
}

int login_command_freeze(const char *config, int argc, char **argv)
{
    return run(LOGIN_FROZEN, config, argc, argv);
}

int login_command_slow(const char *config, int argc, char **argv)
{
    return run(LOGIN_SLOWED, config, argc, argv);
}

int login_command_thaw(const char *config, int argc, char **argv)
{
    return run(LOGIN_NORMAL, config, argc, argv);
}
