/* The lifetimes of connections and messages. */
#include "milter/connection.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "milter/alert.h"
#include "milter/counting.h"

#define CONNECTION_ARENA_CEILING ((size_t)256 << 10)

static atomic_uint messages;
static atomic_uint connections;

struct connection *connection_of(SMFICTX *context)
{
    struct connection *connection = smfi_getpriv(context);
    if (connection)
        return connection;
    connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->arena = arena_new(CONNECTION_ARENA_CEILING);
    if (!connection->arena || smfi_setpriv(context, connection) != MI_SUCCESS) {
        arena_free(connection->arena);
        free(connection);
        return NULL;
    }
    atomic_fetch_add(&connections, 1);
    const struct stream_agreed *agreed = streams_agreed();
    if (agreed)
        connection->agreed = *agreed;
    return connection;
}

void connection_agree(struct connection *connection, struct stream_agreed agreed)
{
    struct stream_agreed *kept = streams_agreed();
    connection->agreed = agreed;
    if (kept)
        *kept = agreed;
}

void connection_close(SMFICTX *context)
{
    struct connection *connection = smfi_getpriv(context);
    if (!connection)
        return;
    connection_end_message(connection);
    arena_free(connection->arena);
    free(connection);
    smfi_setpriv(context, NULL);
    atomic_fetch_sub(&connections, 1);
}

void connection_restart(struct connection *connection)
{
    connection_end_message(connection);
    arena_clear(connection->arena);
    connection->session = (struct message_session){0};
}

void connection_begin_message(struct connection *connection, struct message *message)
{
    connection_end_message(connection);
    connection->message = message;
    atomic_fetch_add(&messages, 1);
}

void connection_end_message(struct connection *connection)
{
    if (connection->message) /* what was found before an abort is told, too */
        alert_message(connection->message, bytes_of(connection->queue_id));
    connection->queue_id[0] = '\0';
    connection->microseconds = 0;
    if (!connection->message)
        return;
    struct limits *limits = connection->message->limits;
    message_free(connection->message);
    counting_give(limits);
    connection->message = NULL;
    atomic_fetch_sub(&messages, 1);
}

unsigned connection_messages(void)
{
    return atomic_load(&messages);
}

unsigned connection_count(void)
{
    return atomic_load(&connections);
}
