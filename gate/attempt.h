/* A submission that is tried and never sent: the circumstances that hold where nobody says
 * otherwise, for `submilterctl test` and for expectations alike. */
#ifndef GATE_ATTEMPT_H
#define GATE_ATTEMPT_H

#include "gate/message.h"

/* A mail program's: by SMTP to port 587, from 192.0.2.1, over TLS 1.3. Nobody has logged in; who
 * does, does so by PLAIN. */
void attempt_session(struct message_session *ret_session);

/* What "over TLS" means: TLSv1.3 with a cipher of 256 bits. */
struct facts_tls attempt_tls(void);

/* The login's own address: the login, where it is an address or we have no domains, else login@ the
 * first of these. No bytes where nobody has logged in. */
struct bytes attempt_own_address(struct bytes login, const struct site *site, struct arena *arena);

#endif
