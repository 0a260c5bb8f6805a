/* What a text must look like, row by row. */
#include "conf/checks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "conf/cidr.h"
#include "conf/unit.h"
#include "policy/address.h"

static bool has_blank_or_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

bool check_word(const char *text, struct error *error)
{
    if (text[0] && !has_blank_or_control(text))
        return true;
    return error_set(error, "expected a word without blanks");
}

bool check_domain(const char *text, struct error *error)
{
    struct arena *arena = arena_new((size_t)64 * 1024);
    struct bytes domain;
    bool good = arena && address_normalise_domain(arena, bytes_of(text), &domain);
    arena_free(arena);
    return good || error_set(error, "expected a domain name like \"example.com\"");
}

bool check_absolute_path(const char *text, struct error *error)
{
    return text[0] == '/' || error_set(error, "expected an absolute path");
}

bool check_path_or_none(const char *text, struct error *error)
{
    return !text[0] || check_absolute_path(text, error);
}

static bool is_number(struct bytes text, int64_t max)
{
    int64_t number;
    return text.len && text.data[text.len - 1] <= '9' && unit_read(OPTION_SIZE, text, &number) &&
           number <= max;
}

/* PORT@ADDRESS with an address of the family. */
static bool is_port_at_address(const char *text, int family)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *at = strchr(text, '@');
    return at && is_number((struct bytes){text, (size_t)(at - text)}, 65535) &&
           inet_pton(family, at + 1, address) == 1;
}

bool check_socket(const char *text, struct error *error)
{
    if (strncmp(text, "unix:/", 6) == 0) {
        size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
        return strlen(text + 5) <= most ||
               error_set(error, "expected a socket path of at most %zu bytes", most);
    }
    if (strncmp(text, "inet:", 5) == 0 && is_port_at_address(text + 5, AF_INET))
        return true;
    if (strncmp(text, "inet6:", 6) == 0 && is_port_at_address(text + 6, AF_INET6))
        return true;
    if (strncmp(text, "fd:", 3) == 0 && is_number(bytes_of(text + 3), 1023))
        return true;
    return error_set(error, "expected \"unix:/PATH\", \"inet:PORT@IPV4-ADDRESS\", "
                            "\"inet6:PORT@IPV6-ADDRESS\" or \"fd:NUMBER\"");
}

bool check_redis(const char *text, struct error *error)
{
    if (!text[0])
        return true;
    if (strncmp(text, "unix:/", 6) == 0)
        return check_socket(text, error);
    /* Nobody listens at port 0. */
    if (strncmp(text, "inet", 4) == 0 && check_socket(text, error) &&
        strtol(strchr(text, ':') + 1, NULL, 10) > 0)
        return true;
    return error_set(error, "expected \"unix:/PATH\", \"inet:PORT@IPV4-ADDRESS\" or "
                            "\"inet6:PORT@IPV6-ADDRESS\"");
}

bool check_fleet(const char *text, struct error *error)
{
    size_t len = strlen(text);
    bool good = len >= 1 && len <= 64;
    for (; *text && good; text++) {
        bool letter = bytes_lower(*text) >= 'a' && bytes_lower(*text) <= 'z';
        good = letter || (*text >= '0' && *text <= '9') || strchr("._-", *text);
    }
    return good || error_set(error, "expected a name of letters, digits, dots, dashes and "
                                    "underlines, like \"submilter\"");
}

bool check_command(const char *text, struct error *error)
{
    if (text[0] && !check_absolute_path(text, error))
        return false;
    for (const char *at = text; *at; at++)
        if (strchr("\"'\\", *at) || (unsigned char)*at < ' ' || *at == 0x7f)
            return error_set(error, "expected a program and words without quotes, backslashes and "
                                    "control characters: no shell reads them, and a word ends at "
                                    "a blank");
    return true;
}

bool check_webhook(const char *text, struct error *error)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : "";
    if (!text[0] || (*host && !strchr("/?#:", *host) && !has_blank_or_control(text)))
        return true;
    return error_set(error, "expected an address like \"https://alerts.example.com/mail\"");
}

bool check_mode(const char *text, struct error *error)
{
    size_t len = strlen(text);
    bool good = len >= 3 && len <= 4 && strspn(text, "01234567") == len;
    if (good && len == 4)
        good = text[0] == '0';
    return good || error_set(error, "expected a file mode in octal like \"0660\"");
}

bool check_network(const char *text, struct error *error)
{
    struct cidr network;
    return cidr_read(text, &network, error);
}

bool check_table(const char *text, struct error *error)
{
    const char *colon = strchr(text, ':');
    /* Only a plain path: behind proxy: stands another kind, behind inline: rows. */
    if (colon && colon[1] && !strpbrk(colon + 1, ":{") && colon[1] != '/')
        return error_set(error, "expected an absolute path behind \"%.*s\"",
                         (int)(colon + 1 - text), text);
    if (colon && colon > text && colon[1])
        return true;
    return error_set(error, "expected a table as \"KIND:PATH\", like \"texthash:/etc/submilter/"
                            "senders\"");
}

bool check_delimiter(const char *text, struct error *error)
{
    for (; *text; text++) {
        bool letter = bytes_lower(*text) >= 'a' && bytes_lower(*text) <= 'z';
        bool digit = *text >= '0' && *text <= '9';
        if (letter || digit || strchr("@\"\\<>", *text) || (unsigned char)*text <= ' ' ||
            (unsigned char)*text >= 0x7f)
            return error_set(error, "expected characters like \"+\" or \"+-\"");
    }
    return true;
}

bool check_field_name(const char *text, struct error *error)
{
    bool good = text[0] != '\0';
    for (const char *at = text; *at; at++)
        good = good && (unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && *at != ':';
    return good || error_set(error, "expected the name of a header field like \"Reply-To\"");
}

bool check_login(const char *text, struct error *error)
{
    if (text[0] && strcmp(text, "@") != 0 && !has_blank_or_control(text))
        return true;
    return error_set(error, "expected a login like \"alice@example.com\" or \"alice\", or all of a "
                            "domain like \"@example.com\"");
}
