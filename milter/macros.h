/* What the MTA tells by macros: which ones we ask for, and what they say of the session. */
#ifndef MILTER_MACROS_H
#define MILTER_MACROS_H

#include "milter/connection.h"

/* Inside xxfi_negotiate: asks for the macros of every stage. False: no memory. */
MUST_CHECK bool macros_ask(SMFICTX *context);

/* At connect, HELO, MAIL: facts of the session that the macros of that stage carry; texts are
 * copied into the connection's arena. False: libmilter had no memory for some that the MTA has
 * sent, at this stage or before. */
void macros_read_connect(SMFICTX *context, struct connection *connection);
MUST_CHECK bool macros_read_session(SMFICTX *context, struct connection *connection);

/* At HELO, which may follow a message: libmilter has freed what it was told at MAIL. */
void macros_leave_mail(SMFICTX *context, struct connection *connection);

/* At RCPT, where SMFIP_RCPT_REJ was agreed on: whether the MTA has refused this recipient; and
 * then, whether it may not come again (RFC 3463, section 2: class 5). */
bool macros_tell_refused_rcpt(SMFICTX *context);
bool macros_tell_refused_for_good(SMFICTX *context);

/* At any stage: the queue id, once the MTA has told it. */
void macros_read_queue_id(SMFICTX *context, struct connection *connection);

/* At the end of a message: says in the log, once a kind of connection, which macros the MTA should
 * have sent and did not. */
void macros_report_missing(SMFICTX *context, const struct connection *connection);

#endif
