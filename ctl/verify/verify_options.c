/* Reading the options of `submilterctl verify`. */
#include "ctl/verify/verify_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define SUBMISSION 587
#define SUBMISSIONS 465

enum {
    SERVER = 1,
    CONNECT,
    TLS,
    CA,
    INSECURE,
    LOGIN,
    PASSWORD_FILE,
    MECHANISM,
    SPOOF,
    TO,
    SINK,
    MAILBOX,
    MESSAGE,
    RESOLVER,
    NO_DNS,
    WAIT,
    TIMEOUT,
    JSON
};

static const struct option long_options[] = {
    {"server", required_argument, NULL, SERVER},
    {"connect", required_argument, NULL, CONNECT},
    {"tls", required_argument, NULL, TLS},
    {"ca", required_argument, NULL, CA},
    {"insecure", no_argument, NULL, INSECURE},
    {"login", required_argument, NULL, LOGIN},
    {"password-file", required_argument, NULL, PASSWORD_FILE},
    {"mechanism", required_argument, NULL, MECHANISM},
    {"spoof", required_argument, NULL, SPOOF},
    {"to", required_argument, NULL, TO},
    {"sink", required_argument, NULL, SINK},
    {"mailbox", required_argument, NULL, MAILBOX},
    {"message", required_argument, NULL, MESSAGE},
    {"resolver", required_argument, NULL, RESOLVER},
    {"no-dns", no_argument, NULL, NO_DNS},
    {"wait", required_argument, NULL, WAIT},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"json", no_argument, NULL, JSON},
    {0}};

struct reading {
    struct arena *arena;
    struct verify_options *options;
    const char *address, *spoof, *to;
    bool tls_said;
    struct error *error;
};

static bool read_number(const char *option, const char *text, long max, long *ret_number,
                        struct error *error)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (!*text || *end || errno || number < 1 || number > max)
        return error_set(error, "%s: expected a number from 1 to %ld, found \"%s\"", option, max,
                         text);
    *ret_number = number;
    return true;
}

/* What goes into a URL is a name or an address and nothing else. */
static bool check_host(const char *option, const char *host, struct error *error)
{
    size_t len = strlen(host);
    bool good = len > 0 && len < 256 && host[0] != '-';
    for (size_t i = 0; i < len; i++)
        good = good && (strchr(".-:_", host[i]) || (host[i] >= '0' && host[i] <= '9') ||
                        (host[i] >= 'a' && host[i] <= 'z') || (host[i] >= 'A' && host[i] <= 'Z'));
    return good ||
           error_set(error, "%s: expected a host name or an address, found \"%s\"", option, host);
}

/* "HOST", "HOST:PORT", "[2001:db8::1]:PORT", "2001:db8::1". *ret_port stays where none is named. */
static bool read_place(struct reading *reading, const char *option, const char *text,
                       const char **ret_host, long *ret_port)
{
    struct bytes all = bytes_of(text), host = all;
    const char *port = NULL;
    if (all.len && all.data[0] == '[') {
        size_t end = bytes_find(all, ']');
        host = bytes_slice(all, 1, end);
        if (end < all.len && text[end + 1] == ':')
            port = text + end + 2;
        else if (end == all.len || text[end + 1])
            return error_set(reading->error, "%s: expected [ADDRESS]:PORT, found \"%s\"", option,
                             text);
    } else {
        size_t colon = bytes_find(all, ':');
        if (colon < all.len && !strchr(text + colon + 1, ':')) {
            host = bytes_slice(all, 0, colon);
            port = text + colon + 1;
        }
    }
    *ret_host = arena_text(reading->arena, host);
    return *ret_host && check_host(option, *ret_host, reading->error) &&
           (!port || read_number(option, port, 65535, ret_port, reading->error));
}

static bool read_tls(struct reading *reading, const char *text)
{
    reading->tls_said = true;
    reading->options->implicit_tls = strcmp(text, "implicit") == 0;
    return reading->options->implicit_tls || strcmp(text, "starttls") == 0 ||
           error_set(reading->error, "--tls: expected starttls or implicit, found \"%s\"", text);
}

/* "PORT" or "ADDRESS:PORT". */
static bool read_sink(struct reading *reading, const char *text)
{
    struct verify_options *options = reading->options;
    options->sink_address = "127.0.0.1";
    if (strspn(text, "0123456789") == strlen(text))
        return read_number("--sink", text, 65535, &options->sink_port, reading->error);
    return read_place(reading, "--sink", text, &options->sink_address, &options->sink_port) &&
           (options->sink_port ||
            error_set(reading->error, "--sink: expected [ADDRESS:]PORT, found \"%s\"", text));
}

static bool read_text(struct reading *reading, int option, const char *text)
{
    struct verify_options *options = reading->options;
    switch (option) {
    case CA:
        options->ca = text;
        return true;
    case LOGIN:
        options->login = text;
        return true;
    case PASSWORD_FILE:
        options->password_file = text;
        return true;
    case MECHANISM:
        options->mechanism = text;
        return true;
    case SPOOF:
        reading->spoof = text;
        return true;
    case TO:
        reading->to = text;
        return true;
    case MAILBOX:
        options->mailbox_path = text;
        return true;
    case MESSAGE:
        options->message = text;
        return true;
    case RESOLVER:
        options->resolver = text;
        return true;
    default:
        return false;
    }
}

static bool read_one(struct reading *reading, int option)
{
    struct verify_options *options = reading->options;
    switch (option) {
    case SERVER:
        return read_place(reading, "--server", optarg, &options->host, &options->port);
    case CONNECT:
        options->connect = optarg;
        return check_host("--connect", optarg, reading->error);
    case TLS:
        return read_tls(reading, optarg);
    case INSECURE:
        options->insecure = true;
        return true;
    case SINK:
        return read_sink(reading, optarg);
    case NO_DNS:
        options->no_dns = true;
        return true;
    case WAIT:
        return read_number("--wait", optarg, 3600, &options->wait, reading->error);
    case TIMEOUT:
        return read_number("--timeout", optarg, 3600, &options->timeout, reading->error);
    case JSON:
        options->json = true;
        return true;
    default:
        return read_text(reading, option, optarg);
    }
}

bool verify_options_address(struct arena *arena, const char *option, const char *text,
                            struct mailbox *ret_mailbox, const char **ret_address,
                            struct error *error)
{
    if (!address_parse_plain(arena, bytes_of(text), ret_mailbox) || !ret_mailbox->local.len ||
        !ret_mailbox->domain.len)
        return error_set(error, "%s: expected an address like alice@example.com, found \"%s\"",
                         option, text);
    /* The local part's letters stay as they were written: it may be that they count. */
    *ret_address =
        ret_mailbox->plain
            ? arena_printf(arena, "%.*s@%.*s", (int)ret_mailbox->local.len, ret_mailbox->local.data,
                           (int)ret_mailbox->domain.len, ret_mailbox->domain.data)
            : arena_text(arena, ret_mailbox->address);
    return *ret_address || error_set(error, "out of memory");
}

/* What belongs together, and what can't be together. */
static bool check_all(struct reading *reading)
{
    const struct verify_options *options = reading->options;
    int ways =
        (options->sink_port != 0) + (options->mailbox_path != NULL) + (options->message != NULL);
    if (ways > 1)
        return error_set(reading->error,
                         "--sink, --mailbox and --message: what came out can be looked for in one "
                         "place only");
    if (options->ca && options->insecure)
        return error_set(reading->error, "--ca and --insecure exclude each other");
    if (options->resolver && options->no_dns)
        return error_set(reading->error, "--resolver and --no-dns exclude each other");
    return true;
}

static bool read_addresses(struct reading *reading)
{
    struct verify_options *options = reading->options;
    struct arena *arena = reading->arena;
    struct mailbox other;
    if (!verify_options_address(arena, "ADDRESS", reading->address, &options->mailbox,
                                &options->address, reading->error))
        return false;
    options->to = options->address;
    if (reading->to &&
        !verify_options_address(arena, "--to", reading->to, &other, &options->to, reading->error))
        return false;
    if (reading->spoof && !verify_options_address(arena, "--spoof", reading->spoof, &other,
                                                  &options->spoof, reading->error))
        return false;
    if (!options->login)
        options->login = options->address;
    return true;
}

bool verify_options_read(int argc, char **argv, struct arena *arena,
                         struct verify_options *ret_options, struct error *error)
{
    int option;
    struct reading reading = {.arena = arena, .options = ret_options, .error = error};
    error->text[0] = '\0';
    *ret_options =
        (struct verify_options){.host = "localhost", .port = 0, .wait = 60, .timeout = 60};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_one(&reading, option))
            return false;
    if (optind + 1 != argc)
        return optind == argc
                   ? error_set(error, "verify: name the address that mail is to be sent as")
                   : error_set(error, "verify: one address at a time");
    reading.address = argv[optind];
    if (!ret_options->port)
        ret_options->port = ret_options->implicit_tls ? SUBMISSIONS : SUBMISSION;
    if (!reading.tls_said)
        ret_options->implicit_tls = ret_options->port == SUBMISSIONS;
    return check_all(&reading) && read_addresses(&reading);
}
