/* The sessions and commands that the checks are made of. */
#ifndef CTL_VERIFY_CONVERSATION_H
#define CTL_VERIFY_CONVERSATION_H

#include "ctl/verify/context.h"

/* Opens a session in a state that the options allow for; the facts go to context->facts. */
enum session_result conversation_open(struct context *context, enum session_tls tls, bool old_tls,
                                      bool login, struct session **ret_session,
                                      struct error *error);

/* session_command, and remembers silence. */
MUST_CHECK bool conversation_command(struct context *context, struct session *session,
                                     const char *line, struct smtp_reply *ret_reply,
                                     struct error *error);

/* MAIL and RCPT, as far as they are accepted. A session is good for one of these and no more:
 * servers close connections after a few errors. ret_stage: the command that was answered last,
 * ret_reply its answer. Nothing is sent behind an accepted RCPT: who is to be refused here must not
 * reach anybody. */
MUST_CHECK bool conversation_envelope(struct context *context, struct session *session,
                                      const char *sender, const char *recipient,
                                      const char **ret_stage, struct smtp_reply *ret_reply,
                                      struct error *error);

/* MAIL, RCPT, DATA and the message; counted in context->sent when it was taken. */
MUST_CHECK bool conversation_message(struct context *context, struct session *session,
                                     const char *recipient, const char *message,
                                     const char **ret_stage, struct smtp_reply *ret_reply,
                                     struct error *error);

#define STAGE_WHOLE_MESSAGE "the message"

#endif
