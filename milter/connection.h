/* One MTA connection (an SMTP session, as a rule) and the message that is on its way in it. */
#ifndef MILTER_CONNECTION_H
#define MILTER_CONNECTION_H

#include <libmilter/mfapi.h>

#include "gate/message.h"
#include "milter/stream.h"

#define CONNECTION_TELLERS 5

struct connection {
    struct arena *arena; /* for what is known since connect and HELO */
    struct stream_agreed agreed;
    struct message_session session;
    struct message *message; /* NULL between messages */
    int64_t microseconds;    /* spent on the message so far */
    char queue_id[64];
    bool told_at_connect; /* macros came then */
    /* Where some of the last stage's are: they are told apart by it (milter/macros.c). */
    const char *told_at[CONNECTION_TELLERS];
};

/* The connection of a libmilter context, made where it is not there yet; NULL when memory is out.
 * What was agreed on in an earlier session on the same socket holds for it too. */
struct connection *connection_of(SMFICTX *context);

/* For xxfi_negotiate: what is agreed on now holds for all sessions on this socket. */
void connection_agree(struct connection *connection, struct stream_agreed agreed);

/* For xxfi_close: frees and forgets. Nothing there is no harm. */
void connection_close(SMFICTX *context);

/* Forgets what an earlier session on the same socket told (libmilter's QUIT_NC): called at connect.
 */
void connection_restart(struct connection *connection);

/* The one way in which a message ends, by whichever door; nothing there is no harm. */
void connection_end_message(struct connection *connection);

/* How many messages are between MAIL and their end, in all connections. */
unsigned connection_messages(void);

/* How many connections have spoken and are not closed. */
unsigned connection_count(void);

/* Gives the connection its message; takes it over. */
void connection_begin_message(struct connection *connection, struct message *message);

#endif
