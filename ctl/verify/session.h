/* A client's SMTP session in a wanted state: libcurl connects, greets, makes TLS and logs in; after
 * that commands of our own are exchanged. Every wait is bounded. */
#ifndef CTL_VERIFY_SESSION_H
#define CTL_VERIFY_SESSION_H

#include "ctl/verify/smtp_reply.h"
#include "policy/error.h"

struct session;

enum session_tls {
    SESSION_CLEAR,    /* TLS is not asked for */
    SESSION_STARTTLS, /* and nothing goes on without it */
    SESSION_IMPLICIT, /* TLS from the first byte (RFC 8314) */
};

struct session_way {
    const char *host; /* a name or an address, "2001:db8::1" without brackets */
    long port;
    const char *connect; /* the address to connect to in host's place; NULL: host's own */
    enum session_tls tls;
    bool old_tls;      /* nothing newer than TLS 1.1 */
    const char *ca;    /* file of the authorities that are trusted; NULL: the system's */
    bool insecure;     /* any certificate will do */
    const char *login; /* NULL: none */
    const char *password;
    const char *mechanism; /* NULL: as most mail programs do, PLAIN, else LOGIN */
    long timeout;          /* seconds for the way to the wanted state, and for each reply later */
};

enum session_result {
    SESSION_OPEN,
    SESSION_UNREACHABLE,     /* no connection, or no SMTP behind it */
    SESSION_SILENT,          /* the time was up */
    SESSION_NO_TLS,          /* STARTTLS is not offered, or refused */
    SESSION_BAD_CERTIFICATE, /* it does not hold for the host */
    SESSION_TLS_FAILED,      /* the handshake did */
    SESSION_NO_LOGIN,        /* AUTH, or a mechanism that we know, is not offered */
    SESSION_LOGIN_REFUSED,
    SESSION_FAULT, /* this side cannot: memory, a file */
};

/* What the server offered in its last EHLO reply, and where the connection lies. */
struct session_facts {
    bool starttls;
    bool smtputf8;
    bool says_sendmail; /* in its greeting or in what it answers to EHLO */
    bool says_postfix;
    char auth[200]; /* the mechanisms; empty: AUTH is not offered */
    struct smtp_reply greeting;
    struct smtp_reply last; /* also of a session that did not open */
    char local_ip[64];      /* ours */
    long remote_port;
};

/* Call it once, before everything else: libcurl's memory is wiped when it is given back, as a
 * password goes through it. */
MUST_CHECK bool session_global_init(struct error *error);

/* ret_session is NULL unless it is SESSION_OPEN. ret_facts is filled in as far as it came. */
enum session_result session_open(const struct session_way *way, struct session **ret_session,
                                 struct session_facts *ret_facts, struct error *error);
void session_close(struct session *session); /* with QUIT */

/* Whether a reply did not come in time. */
bool session_fell_silent(const struct session *session);

/* A command without its line end, or a message (CRLF line ends, dots not yet stuffed), and the
 * reply. False: the connection is gone or has fallen silent. */
MUST_CHECK bool session_command(struct session *session, const char *command,
                                struct smtp_reply *ret_reply, struct error *error);
MUST_CHECK bool session_message(struct session *session, struct bytes message,
                                struct smtp_reply *ret_reply, struct error *error);

#endif
