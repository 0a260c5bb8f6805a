/* Lists of names, and what they stand for. */
#include "tests/bench/load/macros.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/load/protocol.h"

/* In the order of the protocol's numbers, with main.cf's defaults. */
static const struct {
    const char *commands;
    const char *names;
} stages[MACROS_STAGES] = {
    {"C", "j {daemon_name} {daemon_addr} v _"},
    {"H", "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}"},
    {"M", "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}"},
    {"R", "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
    {"T", "i"},
    {"BE", "i"},
    {"LN", "i"},
};

/* Of a mail program that came over TLS and logged in. The first command at which each is known is
 * its place in CHMRTLNBE. {cert_subject}, {cert_issuer} and {auth_author} have no value. */
static const char order[] = "CHMRTLNBE";
static const struct {
    const char *name;
    char from;
    const char *value; /* NULL: the message's own */
} known[] = {
    {"i", COMMAND_DATA, NULL},
    {"j", COMMAND_CONNECT, "mx.example.com"},
    {"v", COMMAND_CONNECT, "Postfix 3.7.11"},
    {"_", COMMAND_CONNECT, "client.example.net [192.0.2.7]"},
    {"{daemon_name}", COMMAND_CONNECT, "mx.example.com"},
    {"{daemon_addr}", COMMAND_CONNECT, "192.0.2.1"},
    {"{daemon_port}", COMMAND_CONNECT, "587"},
    {"{client_addr}", COMMAND_CONNECT, "192.0.2.7"},
    {"{client_name}", COMMAND_CONNECT, "client.example.net"},
    {"{client_ptr}", COMMAND_CONNECT, "client.example.net"},
    {"{client_port}", COMMAND_CONNECT, "41234"},
    {"{client_connections}", COMMAND_CONNECT, "1"},
    {"{tls_version}", COMMAND_HELO, "TLSv1.3"},
    {"{cipher}", COMMAND_HELO, "TLS_AES_256_GCM_SHA384"},
    {"{cipher_bits}", COMMAND_HELO, "256"},
    {"{auth_type}", COMMAND_MAIL, "PLAIN"},
    {"{auth_authen}", COMMAND_MAIL, NULL},
    {"{mail_addr}", COMMAND_MAIL, NULL},
    {"{mail_host}", COMMAND_MAIL, "example.com"},
    {"{mail_mailer}", COMMAND_MAIL, "smtp"},
    {"{rcpt_addr}", COMMAND_RCPT, NULL},
    {"{rcpt_host}", COMMAND_RCPT, "example.net"},
    {"{rcpt_mailer}", COMMAND_RCPT, "smtp"},
};

bool macros_ask(struct macro_lists *lists, unsigned stage, struct bytes names)
{
    if (stage >= MACROS_STAGES || names.len >= MACROS_LIST_MAX)
        return false;
    memcpy(lists->asked[stage], names.data, names.len);
    lists->asked[stage][names.len] = '\0';
    return true;
}

static const char *own_value(const char *name, const struct macro_values *values)
{
    if (name[0] == 'i')
        return values->queue_id;
    return name[1] == 'r' ? values->rcpt : values->login;
}

static const char *value_of(struct bytes name, char command, const struct macro_values *values)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!bytes_equal(name, bytes_of(known[i].name)))
            continue;
        if (strchr(order, command) < strchr(order, known[i].from))
            return NULL;
        return known[i].value ? known[i].value : own_value(known[i].name, values);
    }
    return NULL;
}

static const char *names_at(const struct macro_lists *lists, char command)
{
    size_t stage = 0;
    while (!strchr(stages[stage].commands, command))
        stage++;
    return lists->asked[stage][0] ? lists->asked[stage] : stages[stage].names;
}

struct bytes macros_for(const struct macro_lists *lists, char command,
                        const struct macro_values *values, char room[static MACROS_MAX])
{
    size_t len = 1;
    room[0] = command;
    for (const char *at = names_at(lists, command); *at;) {
        struct bytes name = {at, strcspn(at, " ")};
        at += name.len + strspn(at + name.len, " ");
        const char *value = value_of(name, command, values);
        if (!value || len + name.len + strlen(value) + 2 > MACROS_MAX)
            continue;
        len += (size_t)sprintf(room + len, "%.*s", (int)name.len, name.data) + 1;
        len += (size_t)sprintf(room + len, "%s", value) + 1;
    }
    return (struct bytes){room, len};
}
