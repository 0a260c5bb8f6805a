/* Login, group, domain, client, network and host; and the looks of a client. */
#include "gate/counted_who.h"

#include "gate/counters.h"

static struct bytes in_lower_case(struct arena *arena, struct bytes text)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = bytes_lower(copy[i]);
    return (struct bytes){copy, copy ? text.len : 0};
}

void counted_who_at_mail(struct message *message, struct limits_who *ret_who)
{
    const struct settings *settings = message->snapshot->settings;
    const struct facts *facts = &message->facts;
    char network[COUNTERS_NETWORK_SIZE];
    struct bytes *names = ret_who->names;
    *ret_who = (struct limits_who){0};
    if (facts->login.state == FACT_KNOWN) {
        names[SUBJECT_LOGIN] = in_lower_case(message->arena, facts->login.name);
        names[SUBJECT_GROUP] = bytes_of(settings_group(settings, facts->login.name));
    }
    /* The address of sendmail(1)'s client is what the MTA makes up. */
    if (facts->connection.smtp) {
        struct bytes client = facts->connection.client_address;
        names[SUBJECT_CLIENT] = client;
        names[SUBJECT_NETWORK] =
            arena_bytes(message->arena, counters_network(settings, client, network));
    }
    names[SUBJECT_HOST] = BYTES("all");
}

static struct bytes domain_of(const struct address_list *list)
{
    return list->count ? list->mailboxes[0].domain : (struct bytes){NULL, 0};
}

/* Where a word of it ends. */
static bool is_break(char byte)
{
    return (unsigned char)byte <= ' ' || byte == '/' || byte == '(' || byte == ')' || byte == ';' ||
           byte == ',';
}

/* A mail program's name without its versions, which change with every update: words with a digit
 * are left out. Writes at most size bytes. */
static size_t write_program(struct bytes value, char *text, size_t size)
{
    size_t len = 0;
    for (size_t at = 0; at < value.len && len < size; at++) {
        size_t start = at;
        bool digit = false;
        for (; at < value.len && !is_break(value.data[at]); at++)
            digit = digit || (value.data[at] >= '0' && value.data[at] <= '9');
        for (size_t i = start; i < at && !digit && len < size; i++)
            text[len++] = value.data[i];
        if (at > start && !digit && len < size)
            text[len++] = ' ';
    }
    return len;
}

static struct bytes program_of(const struct facts *facts)
{
    static const struct bytes names[] = {{"User-Agent", 10}, {"X-Mailer", 8}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct field *field = facts_field(&facts->header, names[i], 0);
        if (field)
            return bytes_slice(field->value, 0, 500);
    }
    return (struct bytes){NULL, 0};
}

static struct bytes look_of(struct message *message)
{
    const struct facts *facts = &message->facts;
    char program[256];
    size_t len = write_program(program_of(facts), program, sizeof program);
    return bytes_of(arena_printf(
        message->arena, "%.*s %.*s %.*s %.*s", (int)facts->login.mechanism.len,
        facts->login.mechanism.data, (int)facts->tls.version.len, facts->tls.version.data,
        (int)facts->tls.cipher.len, facts->tls.cipher.data, (int)len, program));
}

void counted_who_at_header(struct message *message, struct limits_who *who)
{
    const struct facts *facts = &message->facts;
    struct bytes domain = domain_of(&facts->from);
    who->names[SUBJECT_DOMAIN] = domain.len ? domain : domain_of(&facts->envelope.sender);
    if (facts->login.state == FACT_KNOWN)
        who->client_look = look_of(message);
}
