/* The circumstances of a submission that is tried. */
#include "gate/attempt.h"

struct facts_tls attempt_tls(void)
{
    return (struct facts_tls){.state = FACT_KNOWN,
                              .version = BYTES("TLSv1.3"),
                              .cipher = BYTES("TLS_AES_256_GCM_SHA384"),
                              .cipher_bits = 256};
}

void attempt_session(struct message_session *session)
{
    *session = (struct message_session){.tls = attempt_tls()};
    session->connection.smtp = true;
    session->connection.client_address = BYTES("192.0.2.1");
    session->connection.helo = BYTES("client.example.net");
    session->connection.daemon_port = 587;
    session->login.mechanism = BYTES("PLAIN");
}

struct bytes attempt_own_address(struct bytes login, const struct site *site, struct arena *arena)
{
    if (!login.len || bytes_find(login, '@') < login.len || !site->domains.count)
        return login;
    return bytes_of(
        arena_printf(arena, "%.*s@%s", (int)login.len, login.data, site->domains.items[0]));
}
