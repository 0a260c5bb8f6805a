/* Reading the options of `submilterctl test`. */
#include "ctl/test_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOGIN = 1,
    MECHANISM,
    TLS,
    LISTENER,
    CLIENT,
    PORT,
    DAEMON,
    HELO,
    MAIL_FROM,
    RCPT,
    SENDMAIL,
    SMTPUTF8,
    JSON
};

static const struct option long_options[] = {{"login", required_argument, NULL, LOGIN},
                                             {"mechanism", required_argument, NULL, MECHANISM},
                                             {"tls", required_argument, NULL, TLS},
                                             {"listener", required_argument, NULL, LISTENER},
                                             {"client", required_argument, NULL, CLIENT},
                                             {"port", required_argument, NULL, PORT},
                                             {"daemon", required_argument, NULL, DAEMON},
                                             {"helo", required_argument, NULL, HELO},
                                             {"mail-from", required_argument, NULL, MAIL_FROM},
                                             {"rcpt", required_argument, NULL, RCPT},
                                             {"sendmail", required_argument, NULL, SENDMAIL},
                                             {"smtputf8", no_argument, NULL, SMTPUTF8},
                                             {"json", no_argument, NULL, JSON},
                                             {0}};

static bool read_number(const char *option, const char *text, long max, int64_t *ret_number,
                        struct error *error)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (!*text || *end || errno || number < 0 || number > max)
        return error_set(error, "%s: expected a number from 0 to %ld, found \"%s\"", option, max,
                         text);
    *ret_number = number;
    return true;
}

/* Empty is sendmail(1). */
static bool read_address(const char *text, struct bytes *ret_address, struct error *error)
{
    unsigned char address[sizeof(struct in6_addr)];
    *ret_address = bytes_of(text);
    return !*text || inet_pton(AF_INET, text, address) == 1 ||
           inet_pton(AF_INET6, text, address) == 1 ||
           error_set(error,
                     "--client: expected an address like 192.0.2.1 or 2001:db8::1, found \"%s\"",
                     text);
}

/* As MTAs name them. */
static bool is_version(struct bytes text)
{
    static const char *const versions[] = {"SSLv2",   "SSLv3",   "TLSv1",
                                           "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (bytes_equal(text, bytes_of(versions[i])))
            return true;
    return false;
}

/* "VERSION", "VERSION:CIPHER" or "VERSION:CIPHER:BITS"; "none". */
static bool read_tls(const char *text, struct facts_tls *tls, struct error *error)
{
    struct bytes rest = bytes_of(text);
    *tls = (struct facts_tls){0};
    if (strcmp(text, "none") == 0)
        return true;
    size_t colon = bytes_find(rest, ':');
    *tls = attempt_tls();
    tls->version = bytes_slice(rest, 0, colon);
    rest = bytes_slice(rest, colon + 1, rest.len);
    colon = bytes_find(rest, ':');
    if (rest.len)
        tls->cipher = bytes_slice(rest, 0, colon);
    if (!is_version(tls->version))
        return error_set(error,
                         "--tls: expected \"none\", or a version from \"TLSv1\" to \"TLSv1.3\", "
                         "found \"%.*s\"",
                         (int)tls->version.len, tls->version.data);
    return colon == rest.len ||
           read_number("--tls", rest.data + colon + 1, 1024, &tls->cipher_bits, error);
}

static void set_login(const char *name, struct facts_login *login)
{
    login->state = strcmp(name, "none") == 0 ? FACT_ABSENT : FACT_KNOWN;
    login->name = login->state == FACT_KNOWN ? bytes_of(name) : (struct bytes){NULL, 0};
}

static bool read_one(int option, struct test_options *options, struct error *error)
{
    struct facts_connection *connection = &options->session.connection;
    switch (option) {
    case LOGIN:
        set_login(optarg, &options->session.login);
        return true;
    case MECHANISM:
        options->session.login.mechanism = bytes_of(optarg);
        return true;
    case TLS:
        return read_tls(optarg, &options->session.tls, error);
    case LISTENER:
        options->session.listener = optarg;
        return true;
    case CLIENT:
        return read_address(optarg, &connection->client_address, error);
    case PORT:
        return read_number("--port", optarg, 65535, &connection->daemon_port, error);
    case DAEMON:
        connection->daemon_name = bytes_of(optarg);
        return true;
    case HELO:
        connection->helo = bytes_of(optarg);
        return true;
    case MAIL_FROM:
        options->mail_from = optarg;
        return true;
    case RCPT:
        if (options->rcpt_count == TEST_RCPTS_MAX)
            return error_set(error, "--rcpt: at most %d of them", TEST_RCPTS_MAX);
        options->rcpts[options->rcpt_count++] = optarg;
        return true;
    case SENDMAIL:
        connection->mta = MTA_SENDMAIL;
        connection->mta_host = bytes_of(optarg);
        return true;
    case SMTPUTF8:
        options->smtputf8 = true;
        return true;
    case JSON:
        options->json = true;
        return true;
    default:
        return false;
    }
}

bool test_options_read(int argc, char **argv, struct test_options *ret_options, struct error *error)
{
    error->text[0] = '\0';
    int option;
    *ret_options = (struct test_options){0};
    attempt_session(&ret_options->session);
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_one(option, ret_options, error))
            return false;
    if (optind < argc)
        ret_options->file = argv[optind++];
    return optind == argc;
}
