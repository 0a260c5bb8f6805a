/* Reading what an expectation says of the session. */
#include "gate/circumstance.h"

#include <arpa/inet.h>
#include <string.h>

bool circumstance_over(struct reading *reading)
{
    static const char *const versions[] = {"TLS", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};
    struct words *words = reading->words;
    struct facts_tls *tls = &reading->expectation->session.tls;
    for (size_t i = 0; versions[i]; i++) {
        if (!words_is(words, versions[i]))
            continue;
        *tls = attempt_tls();
        if (i > 0)
            tls->version = bytes_of(versions[i]);
        return words_next(words);
    }
    return words->word.kind == WORD_PLAIN
               ? words_unknown(words, "version of TLS", words->word.text, versions)
               : words_expected(words, "TLS, or a version like TLSv1.2");
}

bool circumstance_cipher(struct reading *reading)
{
    return circumstance_text(reading, "a cipher's name", &reading->cipher);
}

bool circumstance_bits(struct reading *reading)
{
    return circumstance_number(reading, "a cipher's bits from 1 to 1024", 1024,
                               &reading->cipher_bits);
}

bool circumstance_certificate(struct reading *reading)
{
    return circumstance_text(reading, "the subject of a client certificate, in quotes",
                             &reading->certificate);
}

bool circumstance_using(struct reading *reading)
{
    return circumstance_text(reading, "a mechanism like PLAIN",
                             &reading->expectation->session.login.mechanism);
}

bool circumstance_on(struct reading *reading)
{
    struct bytes name;
    if (!circumstance_text(reading, "a listener's name", &name))
        return false;
    reading->expectation->session.listener = arena_text(reading->words->arena, name);
    return true;
}

bool circumstance_client(struct reading *reading)
{
    struct words *words = reading->words;
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN] = "";
    if (words->word.kind <= WORD_QUOTED && words->word.text.len < sizeof text)
        memcpy(text, words->word.text.data, words->word.text.len);
    if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1)
        return words_expected(words, "an address like 192.0.2.7 or 2001:db8::7");
    return circumstance_text(reading, "an address",
                             &reading->expectation->session.connection.client_address);
}

bool circumstance_port(struct reading *reading)
{
    return circumstance_number(reading, "a port from 1 to 65535", 65535,
                               &reading->expectation->session.connection.daemon_port);
}

bool circumstance_daemon(struct reading *reading)
{
    return circumstance_text(reading, "the MTA's name for its listener, like ORIGINATING",
                             &reading->expectation->session.connection.daemon_name);
}

bool circumstance_helo(struct reading *reading)
{
    return circumstance_text(reading, "the name that the client says in HELO",
                             &reading->expectation->session.connection.helo);
}

bool circumstance_locally(struct reading *reading)
{
    struct message_session *session = &reading->expectation->session;
    reading->without_tls = true;
    session->connection.smtp = false;
    session->connection.client_address = (struct bytes){NULL, 0};
    session->connection.helo = (struct bytes){NULL, 0};
    session->connection.daemon_port = 0;
    return true;
}

bool circumstance_sendmail(struct reading *reading)
{
    struct facts_connection *connection = &reading->expectation->session.connection;
    connection->mta = MTA_SENDMAIL;
    return circumstance_text(reading, "the full name of the host whose MTA is a Sendmail",
                             &connection->mta_host);
}
