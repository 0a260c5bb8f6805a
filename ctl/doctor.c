/* submilterctl doctor: looks at the live host, and says what is wrong and how to mend it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/absolute_path.h"
#include "ctl/command.h"
#include "ctl/doctor/doctor.h"

#define ARENA_MOST ((size_t)64 << 20)
#define ACCEPTED_MAX 200

struct doctor_arguments {
    const char *accepted[ACCEPTED_MAX];
    size_t accepted_count;
    const char *theme;
    bool json;
    bool list;
};

static bool read_mta(const char *text, struct doctor *doctor)
{
    bool postfix = strcmp(text, "postfix") == 0;
    bool sendmail = strcmp(text, "sendmail") == 0;
    doctor->mta_named = true;
    if (postfix || sendmail)
        doctor->mtas |= postfix ? (unsigned)DOCTOR_POSTFIX : (unsigned)DOCTOR_SENDMAIL;
    else if (strcmp(text, "none") != 0) {
        fprintf(stderr, "submilterctl: --mta: there is no MTA \"%s\"\n", text);
        return false;
    }
    return true;
}

static bool has_theme(const char *theme)
{
    for (size_t i = 0; doctor_checks[i]; i++)
        if (strcmp(doctor_checks[i]->theme, theme) == 0)
            return true;
    fprintf(stderr, "submilterctl: --only: there is no theme \"%s\"; --list names them\n", theme);
    return false;
}

/* An id that does not exist would accept nothing, and nobody would notice. */
static bool accept_id(const char *text, struct doctor_arguments *arguments)
{
    char id[80];
    snprintf(id, sizeof id, "%.*s", (int)strcspn(text, "@"), text);
    if (!doctor_kind(id)) {
        fprintf(stderr, "submilterctl: --accept: there is no finding \"%s\"; --list names them\n",
                id);
        return false;
    }
    if (arguments->accepted_count == ACCEPTED_MAX)
        return false;
    arguments->accepted[arguments->accepted_count++] = text;
    return true;
}

static bool read_arguments(int argc, char **argv, struct doctor *doctor,
                           struct doctor_arguments *arguments)
{
    static const struct option options[] = {{"accept", required_argument, NULL, 'a'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"mta", required_argument, NULL, 'm'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"postfix-config", required_argument, NULL, 'p'},
                                            {"sendmail-config", required_argument, NULL, 's'},
                                            {0}};
    int option;
    bool good = true;
    while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            good = accept_id(optarg, arguments);
        else if (option == 'j')
            arguments->json = true;
        else if (option == 'l')
            arguments->list = true;
        else if (option == 'm')
            good = read_mta(optarg, doctor);
        else if (option == 'o')
            good = has_theme(arguments->theme = optarg);
        else if (option == 'p')
            doctor->postfix_config = optarg;
        else if (option == 's')
            doctor->sendmail_config = optarg;
        else
            good = false;
    }
    doctor->accepted = (struct texts){arguments->accepted, arguments->accepted_count};
    return good && optind == argc;
}

static int status_of(const struct doctor *doctor)
{
    if (doctor_counted(doctor, DOCTOR_PROBLEM) || doctor_counted(doctor, DOCTOR_ADVICE))
        return 1;
    if (doctor_counted(doctor, DOCTOR_UNKNOWN))
        return geteuid() == 0 ? EX_UNAVAILABLE : EX_NOPERM;
    return 0;
}

/* The commands that mend are pasted anywhere. */
static bool make_absolute(struct doctor *doctor)
{
    const char **const paths[] = {&doctor->config, &doctor->postfix_config,
                                  &doctor->sendmail_config};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (*paths[i] && !(*paths[i] = absolute_path(doctor->arena, *paths[i])))
            return false;
    return true;
}

static int look(struct doctor *doctor, const struct doctor_arguments *arguments)
{
    struct error error;
    doctor->arena = arena_new(ARENA_MOST);
    if (!doctor->arena || !make_absolute(doctor)) {
        arena_free(doctor->arena);
        error_set(&error, "memory is out");
        return command_complain(&error, EX_OSERR);
    }
    doctor_open(doctor);
    doctor_look(doctor, arguments->theme);
    int status = status_of(doctor);
    if (arena_failed(doctor->arena)) {
        error_set(&error, "memory is out: not all was looked at");
        status = command_complain(&error, EX_OSERR);
    }
    if (!arguments->json) {
        doctor_print_text(doctor);
    } else if (!doctor_print_json(doctor)) {
        error_set(&error, "memory is out");
        status = command_complain(&error, EX_OSERR);
    }
    doctor_close(doctor);
    return status;
}

static int run(const char *config, int argc, char **argv)
{
    struct doctor doctor = {.config = config};
    struct doctor_arguments arguments = {0};
    if (!read_arguments(argc, argv, &doctor, &arguments))
        return EX_USAGE;
    if (arguments.list) {
        doctor_print_list();
        return 0;
    }
    return look(&doctor, &arguments);
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "[--json] [--only THEME] [--accept ID]... [--mta postfix|sendmail|none]\n"
                 "      [--postfix-config DIR] [--sendmail-config FILE]\n"
                 "  submilterctl doctor --list",
    .summary = "looks at this host and its MTA, and says what is wrong, why it matters, and what "
               "mends it",
    .run = run,
};
