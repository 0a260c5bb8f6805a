/* Listeners: from the file, or the default ones, and which of them holds for a session. */
#include <string.h>

#include "conf/cidr.h"
#include "conf/fill.h"
#include "conf/parse.h"
#include "conf/private.h"

const char listeners_default[] =
    "listeners: (\n"
    "  { name = \"submission\"; ports = [ 465, 587 ]; policy = \"submission\"; },\n"
    "  { name = \"local\"; clients = [ \"127.0.0.0/8\", \"::1/128\" ]; policy = \"local\"; },\n"
    "  { name = \"inbound\"; policy = \"inbound\"; }\n"
    ");";

static bool read_clients(const struct texts *texts, struct arena *arena, struct listener *listener,
                         struct error *error)
{
    struct cidr *clients = arena_alloc(arena, texts->count * sizeof *clients);
    if (!clients)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < texts->count; i++)
        if (!cidr_read(texts->items[i], &clients[i], error))
            return false;
    listener->clients = clients;
    listener->client_count = texts->count;
    return true;
}

static bool build_listener(const struct settings *settings, const struct node *node,
                           struct listener *listener, struct error *error)
{
    struct arena *arena = settings->private->arena;
    struct listener_settings rows = {0};
    if (!fill_all(listener_rows, node, arena, &rows, error))
        return false;
    if (!rows.name)
        return node_error(node, error, "expected the listener's name: name = \"...\";");
    if (!rows.policy)
        return node_error(node, error, "expected the listener's policy: policy = \"submission\";");
    if (!policies_check_name(settings, rows.policy, node_member(node, "policy"), error))
        return false;
    *listener = (struct listener){.name = rows.name,
                                  .ports = rows.ports.items,
                                  .port_count = rows.ports.count,
                                  .daemons = rows.daemons,
                                  .asks_login = node_member(node, "login") != NULL,
                                  .login = rows.login,
                                  .policy = rows.policy,
                                  .tls_terminator = rows.tls_terminator};
    return read_clients(&rows.clients, arena, listener, error);
}

static bool name_is_new(const struct listener *listeners, size_t index, const struct node *node,
                        struct error *error)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(listeners[i].name, listeners[index].name) == 0)
            return node_error(node, error, "there are two listeners named \"%s\"",
                              listeners[i].name);
    return true;
}

/* As written, or the default ones. */
static const struct node *listeners_node(const struct settings_private *private,
                                         struct error *error)
{
    const struct node *written = node_member(private->root, "listeners");
    struct node *usual = NULL;
    if (written)
        return written;
    return parse_text(private->arena, NULL, bytes_of(listeners_default), &usual, error)
               ? usual->first
               : NULL;
}

bool listeners_build(struct settings *settings, struct error *error)
{
    const struct node *list = listeners_node(settings->private, error);
    if (!list)
        return false;
    settings->private->listeners = list;
    struct listener *listeners =
        arena_alloc(settings->private->arena, list->count * sizeof *listeners);
    if (!listeners)
        return error_set(error, "out of memory");
    for (const struct node *node = list->first; node; node = node->next)
        if (!build_listener(settings, node, &listeners[node->index], error) ||
            !name_is_new(listeners, node->index, node, error))
            return false;
    settings->listeners = listeners;
    settings->listener_count = list->count;
    return true;
}

struct session {
    bool has_client;
    struct in6_addr client;
    int64_t port;
    struct bytes daemon;
    bool logged_in;
};

static bool has_port(const struct listener *listener, int64_t port)
{
    for (size_t i = 0; i < listener->port_count; i++)
        if (listener->ports[i] == port)
            return true;
    return listener->port_count == 0;
}

static bool has_client(const struct listener *listener, const struct session *session)
{
    for (size_t i = 0; i < listener->client_count; i++)
        if (session->has_client && cidr_holds(&listener->clients[i], &session->client))
            return true;
    return listener->client_count == 0;
}

/* A session that logged in is submission: local and inbound listeners have to ask for it. */
static bool takes_login(const struct settings *settings, const struct listener *listener,
                        bool logged_in)
{
    if (listener->asks_login)
        return listener->login == logged_in;
    return !logged_in ||
           strcmp(settings_policy_base(settings, listener->policy), "submission") == 0;
}

const struct listener *settings_listener(const struct settings *settings, struct bytes client,
                                         int64_t port, struct bytes daemon, bool logged_in)
{
    struct session session = {.port = port, .daemon = daemon, .logged_in = logged_in};
    session.has_client =
        cidr_read_address(client.len ? client : BYTES("127.0.0.1"), &session.client);
    const struct listener *fallback = NULL;
    for (size_t i = 0; i < settings->listener_count; i++) {
        const struct listener *listener = &settings->listeners[i];
        if (!takes_login(settings, listener, logged_in))
            continue;
        if (has_port(listener, port) && has_client(listener, &session) &&
            (listener->daemons.count == 0 || texts_have(&listener->daemons, daemon)))
            return listener;
        /* Nothing more lenient than its plain policy: not a policy made for certain clients. */
        if (!fallback && !listener->tls_terminator && strcmp(listener->policy, "submission") == 0)
            fallback = listener;
    }
    return logged_in ? fallback : NULL;
}
