/* submilterctl who: asks the tables of senders, both ways round. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/who/who.h"
#include "gate/snapshot.h"
#include "policy/address.h"
#include "policy/login.h"

#define CEILING ((size_t)2 << 30) /* a row's value may be as large as its file */

struct question {
    const char *login;   /* or NULL */
    const char *address; /* or NULL */
    bool guessed;        /* what stands for both may be one of them only */
    bool json;
};

static bool read_named(char **argv, int count, struct question *question, struct error *error)
{
    if (question->login || question->address)
        return error_set(error, "\"%.200s\": it or the options --address and --login, not both",
                         argv[0]);
    if (count > 1)
        return error_set(error, "\"%.200s\": one address or login at a time", argv[1]);
    if (!argv[0][0])
        return error_set(error, "\"\" is no address and no login");
    question->guessed = true;
    question->address = strchr(argv[0], '@') ? argv[0] : NULL;
    question->login = argv[0][0] == '@' ? NULL : argv[0];
    return true;
}

/* error->text is empty where getopt has said what is wrong. */
static bool read_options(int argc, char **argv, struct question *question, struct error *error)
{
    static const struct option options[] = {{"login", required_argument, NULL, 'l'},
                                            {"address", required_argument, NULL, 'a'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    int option;
    *question = (struct question){0};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            question->login = optarg;
        else if (option == 'a')
            question->address = optarg;
        else if (option == 'j')
            question->json = true;
        else
            return false;
    }
    if (optind < argc)
        return read_named(argv + optind, argc - optind, question, error);
    if (!question->login && !question->address)
        return error_set(error, "an address or a login is expected");
    return !question->login || question->login[0] || error_set(error, "--login: \"\" is no login");
}

/* Without blanks around it, and without angle brackets. */
static struct bytes bare(const char *text)
{
    struct bytes address = bytes_trim(bytes_of(text));
    if (address.len > 1 && address.data[0] == '<' && address.data[address.len - 1] == '>')
        address = bytes_slice(address, 1, address.len - 1);
    return address;
}

/* An address, or "@domain". What can be a login all the same is that then. */
static bool read_address(struct question *question, struct arena *arena,
                         struct mailbox *ret_mailbox, struct error *error)
{
    if (!question->address ||
        (sender_keys_read(arena, bare(question->address), ret_mailbox) && ret_mailbox->domain.len))
        return true;
    error_set(error, "\"%.200s\" is no address that mail can come from%s", question->address,
              question->login ? ": it is taken for a login" : "");
    if (!question->login || !question->guessed)
        return false;
    command_complain(error, 0);
    question->address = NULL;
    return true;
}

static bool load_senders(struct who *who, struct error *error)
{
    const struct senders_settings *senders = &who->settings->senders;
    const struct senders_options options = {
        .tables = senders->tables,
        .extensions = senders->extensions,
        .recipient_delimiter = senders->recipient_delimiter,
        .case_sensitive_local = senders->case_sensitive_local,
        .site = &who->settings->site,
    };
    return senders_open(&options, &who->senders, error) ||
           settings_blame(who->settings, "senders", "tables", error);
}

/* Who may not read the keys can ask about senders all the same. */
static void load_keys(struct who *who)
{
    struct keystore_options options = {.folder = who->settings->dkim.keys};
    if (!snapshot_identity(who->settings, &options.user, &options.group, &who->no_keys) ||
        !keystore_load(&options, NULL, &who->keystore, &who->no_keys))
        who->keystore = NULL;
}

/* The exit status, or 0 with everything loaded. */
static int load(struct who *who, const char *config, struct error *error)
{
    if (!settings_load(config, &who->settings, error))
        return EX_CONFIG;
    if (!load_senders(who, error))
        return EX_TEMPFAIL;
    load_keys(who);
    return 0;
}

static void unload(struct who *who)
{
    keystore_unref(who->keystore);
    senders_free(who->senders);
    settings_unref(who->settings);
    arena_free(who->arena);
}

/* Of two answers to one question the better one, unless something went wrong. */
static enum who_answer worse_or_better(enum who_answer first, enum who_answer second)
{
    if (first >= WHO_UNKNOWN || second >= WHO_UNKNOWN)
        return first > second ? first : second;
    return first < second ? first : second;
}

static enum who_answer ask_login(const struct who *who, const struct question *question,
                                 struct error *error)
{
    bool perhaps = question->guessed && question->address;
    struct bytes login = perhaps ? bare(question->login) : bytes_of(question->login);
    login = login_compose(who->arena, login);
    return who_login(who, login, perhaps, error);
}

static enum who_answer answer(const struct who *who, const struct question *question,
                              const struct mailbox *mailbox, struct error *error)
{
    enum who_answer found = WHO_NOBODY;
    if (question->address) {
        found = who_address(who, mailbox, error);
        if (question->login && !who->json)
            putchar('\n');
    }
    if (question->login && found < WHO_UNKNOWN)
        found = worse_or_better(found, ask_login(who, question, error));
    return found;
}

static int status_of(enum who_answer answer, const struct error *error)
{
    switch (answer) {
    case WHO_SOMEBODY:
        break;
    case WHO_NOBODY:
        return 1;
    case WHO_UNKNOWN:
        return command_complain(error, EX_TEMPFAIL);
    case WHO_INTERRUPTED:
        return progress_status();
    case WHO_FAILED:
        return ferror(stdout) ? EX_IOERR : command_complain(error, EX_OSERR);
    }
    return 0;
}

static int ask(struct who *who, struct question *question, const char *config, struct error *error)
{
    struct mailbox mailbox = {0};
    who->arena = arena_new(CEILING);
    if (!who->arena) {
        error_set(error, "out of memory");
        return command_complain(error, EX_OSERR);
    }
    if (!read_address(question, who->arena, &mailbox, error))
        return command_complain(error, EX_USAGE);
    int status = load(who, config, error);
    if (status)
        return command_complain(error, status);
    progress_catch(NULL);
    json_init(&who->buffer);
    if (question->json) {
        who->json = &who->buffer;
        json_open(who->json, NULL, '{');
    }
    enum who_answer answered = answer(who, question, &mailbox, error);
    if (question->json) {
        if (answered == WHO_UNKNOWN)
            json_text(who->json, "unavailable", error->text);
        json_close(who->json, '}');
        json_raw(who->json, BYTES("\n"));
    }
    if (answered < WHO_INTERRUPTED && who->buffer.failed) {
        answered = WHO_FAILED;
        error_set(error, "out of memory");
    } else if (answered < WHO_INTERRUPTED) {
        (void)who_flush(who);
        output_flush(); /* before the reason */
    }
    json_done(&who->buffer);
    return status_of(answered, error);
}

/* 0: somebody may; 1: nobody, or nothing; 75: not known; else sysexits. */
static int run(const char *config, int argc, char **argv)
{
    struct question question;
    struct who who = {0};
    struct error error = {""};
    if (!read_options(argc, argv, &question, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    int status = ask(&who, &question, config, &error);
    unload(&who);
    return status;
}

const struct command command_who = {
    .name = "who",
    .arguments = "ADDRESS|LOGIN [--json]\n"
                 "  submilterctl who [--address ADDRESS] [--login LOGIN] [--json]",
    .summary = "who may send as an address, what a login may send as, and the rows that say so",
    .run = run,
};
