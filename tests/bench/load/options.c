/* The command line. */
#include "tests/bench/load/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/load/protocol.h"

#define EX_USAGE 64

static const char usage[] =
    "usage: milter_load [options] unix:/PATH | inet:PORT@ADDRESS\n"
    "\n"
    "Sends messages to a milter as Postfix would, checks what it says, prints a line of JSON.\n"
    "\n"
    "  --connections N      sessions at the same time (1)\n"
    "  --per-connection N   messages a session (1)\n"
    "  --messages N         messages in all (100)\n"
    "  --seconds N          no new session after so many seconds (0: until all are sent)\n"
    "  --recipients N       of each message (1)\n"
    "  --logins N           different ones, in turn by session (100)\n"
    "  --body BYTES         (4096)\n"
    "  --block FILE         header block; {login} and {number} in it are filled in\n"
    "  --domain NAME        of the logins (example.com)\n"
    "  --hold N             more sessions that are opened before and then stay silent. \"held N\"\n"
    "                       is printed when all are there, and a line of standard input waited "
    "for\n"
    "  --hold-at STAGE      helo (as it is), mail or body: how far they have come\n"
    "  --sample FILE        writes the first message there as it would leave\n"
    "\n"
    "What has to come back, else it ends with 1 and says what came:\n"
    "  --expect accept | reject | tempfail\n"
    "  --signed LIST        a DKIM-Signature for each of these: rsa-sha256,ed25519-sha256\n"
    "  --adds NAME          a field of this name\n";

enum kind { NUMBER, POSITIVE, SIZE, TEXT, STAGE, REPLY, ALGORITHMS };

static const struct {
    const char *name;
    enum kind kind;
    size_t place; /* in struct options */
} rows[] = {
    {"connections", POSITIVE, offsetof(struct options, connections)},
    {"per-connection", POSITIVE, offsetof(struct options, per_connection)},
    {"messages", NUMBER, offsetof(struct options, messages)},
    {"seconds", NUMBER, offsetof(struct options, seconds)},
    {"recipients", POSITIVE, offsetof(struct options, recipients)},
    {"logins", POSITIVE, offsetof(struct options, logins)},
    {"body", SIZE, offsetof(struct options, body_size)},
    {"block", TEXT, offsetof(struct options, block)},
    {"domain", TEXT, offsetof(struct options, domain)},
    {"hold", NUMBER, offsetof(struct options, hold)},
    {"hold-at", STAGE, offsetof(struct options, hold_at)},
    {"sample", TEXT, offsetof(struct options, sample)},
    {"expect", REPLY, 0},
    {"signed", ALGORITHMS, 0},
    {"adds", TEXT, offsetof(struct options, adds)},
};
#define ROWS (sizeof rows / sizeof *rows)

static void misused(const char *what, const char *value)
{
    fprintf(stderr, "milter_load: %s '%s'; see --help\n", what, value);
    exit(EX_USAGE);
}

static unsigned number_of(const char *text, unsigned least)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end || end == text || *text == '-' || number > 1UL << 30 || number < least)
        misused("not a number that can be:", text);
    return (unsigned)number;
}

static enum hold_at stage_of(const char *text)
{
    static const char *const names[] = {"helo", "mail", "body"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0)
            return (enum hold_at)i;
    misused("no stage to hold at:", text);
    return HOLD_AT_HELO;
}

static void read_reply(struct options *options, const char *text)
{
    options->action = REPLY_CODE;
    if (strcmp(text, "accept") == 0)
        options->action = REPLY_ACCEPT;
    else if (strcmp(text, "reject") == 0)
        options->reply_class = '5';
    else if (strcmp(text, "tempfail") == 0)
        options->reply_class = '4';
    else
        misused("nothing to expect:", text);
}

static void read_algorithms(struct options *options, char *text)
{
    for (char *rest = text, *word; (word = strsep(&rest, ","));) {
        if (!*word || options->signed_count == SIGNED_MAX)
            misused("no list of algorithms:", text);
        options->signed_by[options->signed_count++] = word;
    }
}

static void read_row(struct options *options, size_t row, char *value)
{
    char *place = (char *)options + rows[row].place;
    switch (rows[row].kind) {
    case NUMBER:
    case POSITIVE:
        *(unsigned *)(void *)place = number_of(value, rows[row].kind == POSITIVE);
        break;
    case SIZE:
        *(size_t *)(void *)place = number_of(value, 0);
        break;
    case TEXT:
        *(const char **)(void *)place = value;
        break;
    case STAGE:
        options->hold_at = stage_of(value);
        break;
    case REPLY:
        read_reply(options, value);
        break;
    case ALGORITHMS:
        read_algorithms(options, value);
        break;
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    struct option known[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++)
        known[i] = (struct option){rows[i].name, required_argument, NULL, (int)i};
    known[ROWS] = (struct option){"help", no_argument, NULL, (int)ROWS};
    *options = (struct options){.connections = 1,
                                .per_connection = 1,
                                .messages = 100,
                                .recipients = 1,
                                .logins = 100,
                                .body_size = 4096,
                                .domain = "example.com",
                                .action = REPLY_ACCEPT};
    int row;
    while ((row = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (row == (int)ROWS) {
            fputs(usage, stdout);
            exit(0);
        }
        if (row > (int)ROWS)
            exit(EX_USAGE); /* getopt_long has said why */
        read_row(options, (size_t)row, optarg);
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        exit(EX_USAGE);
    }
    options->milter = argv[optind];
}
