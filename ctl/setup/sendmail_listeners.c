/* Listeners of submilter.conf, from Sendmail's daemons and from who may relay. */
#include <string.h>

#include "conf/cidr.h"
#include "ctl/setup/sendmail_parts.h"

struct list {
    struct arena *arena;
    const char **items;
    size_t count;
};

static const char *const own[] = {"127.0.0.0/8", "::1/128"};

static bool submission_ports(const struct sendmail_site *site, struct arena *arena,
                             struct texts *ret_ports)
{
    const struct sendmail_cf *cf = &site->cf;
    const char **items = arena_alloc(arena, cf->daemon_count * sizeof *items);
    *ret_ports = (struct texts){items, 0};
    for (size_t i = 0; items && i < cf->daemon_count; i++) {
        const char *port = arena_printf(arena, "%d", cf->daemons[i].port);
        if (port && cf->daemons[i].port && cf->daemons[i].port != 25 &&
            sendmail_cf_is_submission(&cf->daemons[i]) && !texts_have(ret_ports, bytes_of(port)))
            items[ret_ports->count++] = port;
    }
    return !arena_failed(arena);
}

/* Whether sendmail(1)'s submit.cf hands its mail to one of these ports. */
static bool msp_uses(const struct sendmail_site *site, struct arena *arena,
                     const struct texts *ports)
{
    const char *slash = strrchr(site->build.cf, '/');
    const char *path =
        slash ? arena_printf(arena, "%.*s/submit.cf", (int)(slash - site->build.cf), site->build.cf)
              : NULL;
    struct sendmail_cf submit;
    struct error error;
    if (!path || !sendmail_cf_read(arena, path, &submit, &error))
        return false;
    for (size_t i = 0; i < submit.mailer_count; i++) {
        const char *port = strrchr(submit.mailers[i].arguments, ' ');
        if (strcmp(submit.mailers[i].name, "relay") == 0 && port &&
            texts_have(ports, bytes_of(port + 1)))
            return true;
    }
    return false;
}

/* "10.1" means 10.1.0.0/16; a whole address is one client. NULL: no network. */
static const char *network_of(struct arena *arena, const char *word)
{
    static const char *const rest[] = {".0.0.0", ".0.0", ".0", ""};
    struct bytes digits = bytes_of(word);
    size_t dots = 0;
    struct cidr network;
    struct error error;
    const char *text;
    if (strncmp(word, "IPv6:", 5) == 0) {
        text = arena_text(arena, bytes_of(word + 5));
    } else {
        if (digits.len && word[digits.len - 1] == '.')
            digits.len--;
        for (size_t i = 0; i < digits.len; i++)
            dots += word[i] == '.';
        if (digits.len == 0 || dots > 3 || strspn(word, "0123456789.") != strlen(word))
            return NULL;
        text = arena_printf(arena, "%.*s%s/%zu", (int)digits.len, word, rest[dots], 8 * (dots + 1));
    }
    return text && cidr_read(text, &network, &error) ? text : NULL;
}

static void add_client(struct list *clients, const char *word, struct plan *plan)
{
    const char *network = network_of(clients->arena, word);
    const struct texts known = {clients->items, clients->count};
    struct cidr read;
    struct error error;
    if (!network || !cidr_read(network, &read, &error))
        plan_say(plan, PLAN_WARNING,
                 "%s may relay, and is no network that a listener of submilter.conf can name: see "
                 "that the clients behind it get a listener of their own (submilter.conf(5), "
                 "LISTENERS)",
                 word);
    else if (!cidr_is_loopback(&read) && !texts_have(&known, bytes_of(network)))
        clients->items[clients->count++] = network;
}

/* "Connect:10.1  RELAY" in the text that the access map was made from: "10.1". NULL for any other
 * line. */
static const char *relay_in(struct arena *arena, struct bytes line)
{
    size_t len = 0;
    while (len < line.len && !strchr(" \t\r", line.data[len]))
        len++;
    struct bytes key = bytes_slice(line, 0, len);
    struct bytes value = bytes_trim(bytes_slice(line, len, line.len));
    if (!bytes_equal_nocase(value, BYTES("RELAY")) || key.data[0] == '#')
        return NULL;
    if (bytes_start_with_nocase(key, BYTES("Connect:")))
        key = bytes_slice(key, 8, key.len);
    else if (bytes_find(key, ':') < key.len && !bytes_start_with_nocase(key, BYTES("IPv6:")))
        return NULL; /* To:, From:, ...: no client */
    if (bytes_start_with_nocase(key, BYTES("localhost")))
        return NULL;
    return arena_text(arena, key);
}

static bool access_clients(const struct sendmail_site *site, struct list *clients,
                           struct plan *plan)
{
    const struct sendmail_line *map = sendmail_cf_map(&site->cf, "access");
    const char *slash = map ? strchr(map->value, '/') : NULL;
    struct place_file file;
    struct error error;
    if (!slash)
        return true;
    const char *path = arena_text(clients->arena, (struct bytes){slash, strcspn(slash, " \t")});
    if (!path || !place_read(clients->arena, path, &file, &error) || !file.exists)
        return path != NULL;
    size_t lines = 1;
    for (size_t i = 0; i < file.content.len; i++)
        lines += file.content.data[i] == '\n';
    const char **items = arena_alloc(clients->arena, (clients->count + lines) * sizeof *items);
    if (!items)
        return false;
    if (clients->count)
        memcpy(items, clients->items, clients->count * sizeof *items);
    clients->items = items;
    for (struct bytes rest = file.content; rest.len;) {
        size_t end = bytes_find(rest, '\n');
        const char *word = end ? relay_in(clients->arena, bytes_slice(rest, 0, end)) : NULL;
        rest = bytes_slice(rest, end + 1, rest.len);
        if (word)
            add_client(clients, word, plan);
    }
    return true;
}

static bool relaying_clients(const struct sendmail_site *site, struct plan *plan,
                             struct texts *ret_clients, struct error *error)
{
    struct texts words;
    struct list clients = {.arena = plan->arena};
    if (!sendmail_cf_class(plan->arena, &site->cf, "R", &words, error))
        return false;
    clients.items = arena_alloc(plan->arena, (words.count + 1) * sizeof *clients.items);
    for (size_t i = 0; clients.items && i < words.count; i++)
        if (network_of(plan->arena, words.items[i])) /* names are domains that we relay to */
            add_client(&clients, words.items[i], plan);
    if (!clients.items || !access_clients(site, &clients, plan))
        return error_set(error, "memory is out");
    *ret_clients = (struct texts){clients.items, clients.count};
    return true;
}

static void add(struct conf_text *conf, const struct conf_text_listener *listener)
{
    conf->listeners[conf->listener_count++] = *listener;
}

bool sendmail_listeners(const struct sendmail_site *site, struct plan *plan, struct conf_text *conf,
                        struct error *error)
{
    struct texts ports;
    struct texts others = {0};
    const struct conf_text_listener local = {
        .name = "local",
        .why = "sendmail(1) hands its mail in at 127.0.0.1.",
        .clients = {own, sizeof own / sizeof *own},
        .policy = "local",
    };
    if (!relaying_clients(site, plan, &others, error))
        return false;
    if (!submission_ports(site, plan->arena, &ports))
        return error_set(error, "memory is out");
    bool local_first = msp_uses(site, plan->arena, &ports);
    conf->relays = others.count > 0;
    if (conf->relays) {
        add(conf, &(struct conf_text_listener){
                      .name = "relay",
                      .why = "They may relay without a login (relay-domains, access).",
                      .clients = others,
                      .no_login = true,
                      .policy = "relay"});
        plan_say(plan, PLAN_NOTE,
                 "more than this host may relay without a login: those clients get a listener "
                 "\"relay\", which watches what they send as, and enforces nothing of that");
    }
    if (local_first)
        add(conf, &local);
    if (ports.count)
        add(conf, &(struct conf_text_listener){
                      .name = "submission", .ports = ports, .policy = "submission"});
    if (!local_first)
        add(conf, &local);
    add(conf, &(struct conf_text_listener){.name = "inbound", .policy = "inbound"});
    return true;
}
