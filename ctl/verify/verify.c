/* submilterctl verify: end to end through the real listener, as a client of it. */
#include <stdio.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/verify/arrival.h"
#include "ctl/verify/interrupt.h"
#include "ctl/verify/probe_message.h"
#include "ctl/verify/received.h"
#include "ctl/verify/spoofs.h"
#include "ctl/verify/transport.h"

#define ARENA_MAX ((size_t)64 << 20)

static const char *new_token(struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[PROBE_TOKEN_LEN / 2];
    char *token = arena_alloc(arena, PROBE_TOKEN_LEN + 1);
    if (!token || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return NULL;
    for (size_t i = 0; i < sizeof random; i++) {
        token[2 * i] = digits[random[i] >> 4];
        token[2 * i + 1] = digits[random[i] & 15];
    }
    return token;
}

/* What came out, without sending anything. */
static int judge_message(struct context *context)
{
    struct bytes text, token;
    if (!arrival_read(context, &text, &token))
        return EX_NOINPUT;
    received_check(context, text, token);
    return 0;
}

static int converse(struct context *context, struct sink *sink)
{
    time_t begun = time(NULL);
    struct bytes text;
    switch (transport_check(context)) {
    case TRANSPORT_UNREACHABLE:
        return EX_UNAVAILABLE;
    case TRANSPORT_UNSAFE:
        checklist_skip(context->list, CHECK_LOGIN,
                       "the password is not sent to who cannot show who it is, nor in the clear");
        return 0;
    default:
        break;
    }
    if (spoofs_check(context) && arrival_wait(context, sink, begun, &text))
        received_check(context, text, bytes_of(context->token));
    return 0;
}

/* What the server has taken lies in its queue for days where nobody takes it. */
static void leave_nothing(const struct context *context, struct sink *sink)
{
    int left = sink ? sink_drain(sink, context->sent, context->arena) : 0;
    if (left > 0)
        fprintf(stderr,
                "submilterctl: %d of the test messages that the server took did not come out; see "
                "its queue: mailq\n",
                left);
    else if (interrupted() && !sink && context->sent)
        fprintf(stderr, "submilterctl: interrupted; the server had taken %d test message%s\n",
                context->sent, context->sent == 1 ? "" : "s");
}

static int send_all(struct context *context)
{
    const struct verify_options *options = context->options;
    struct sink *sink = NULL;
    struct error error;
    if (!session_global_init(&error))
        return command_complain(&error, EX_SOFTWARE);
    if (options->sink_port && !sink_open(options->sink_address, options->sink_port, &sink, &error))
        return command_complain(&error, EX_OSERR);
    int status = EX_NOINPUT;
    if (password_read(options->password_file, options->login, &context->password, &error)) {
        interrupt_begin(); /* not before: a prompt is to end at once */
        status = converse(context, sink);
    } else {
        command_complain(&error, status);
    }
    password_wipe(&context->password);
    leave_nothing(context, sink);
    sink_close(sink);
    return status;
}

static int run_checks(struct context *context)
{
    const struct verify_options *options = context->options;
    struct checklist *list = context->list;
    char server[300];
    context->token = new_token(context->arena);
    if (!context->token)
        return EX_OSERR;
    int status = options->message ? judge_message(context) : send_all(context);
    snprintf(server, sizeof server, "%s:%ld", options->host, options->port);
    bool any = list->passed + list->failed + list->skipped > 0;
    interrupt_end();
    if (any && !checklist_finish(list, options->address, options->message ? NULL : server))
        status = command_complain(&(struct error){"memory is out"}, EX_OSERR);
    if (!status && list->failed)
        status = 1;
    return status;
}

static int run(const char *config, int argc, char **argv)
{
    struct verify_options options;
    struct snapshot *snapshot;
    struct error error;
    struct arena *arena = arena_new(ARENA_MAX);
    int status = 0;
    if (!arena || !verify_options_read(argc, argv, arena, &options, &error))
        status = arena && error.text[0] ? command_complain(&error, EX_USAGE) : EX_USAGE;
    else if (!snapshot_load(config, NULL, &snapshot, &error))
        status = command_complain(&error, EX_CONFIG);
    else {
        struct checklist list;
        struct context context = {
            .options = &options, .snapshot = snapshot, .list = &list, .arena = arena};
        checklist_init(&list, options.json);
        status = run_checks(&context);
        checklist_done(&list);
        snapshot_unref(snapshot);
    }
    arena_free(arena);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .arguments =
        "ADDRESS [--server HOST[:PORT]] [--connect HOST] [--tls starttls|implicit]\n"
        "      [--ca FILE | --insecure] [--login NAME] [--password-file FILE] [--mechanism NAME]\n"
        "      [--spoof ADDRESS] [--to ADDRESS] [--sink [ADDRESS:]PORT | --mailbox PATH]\n"
        "      [--resolver ADDRESS[@PORT] | --no-dns] [--wait SECONDS] [--timeout SECONDS] "
        "[--json]\n"
        "  submilterctl verify ADDRESS --message FILE [--resolver ADDRESS[@PORT] | --no-dns] "
        "[--json]",
    .summary = "sends test mail through the real listener: what must be refused, and what must "
               "come out signed",
    .run = run,
};
