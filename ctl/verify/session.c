/* SMTP sessions over libcurl.
 *
 * CURLOPT_CONNECT_ONLY: libcurl goes the way to the wanted state (greeting, EHLO, STARTTLS, EHLO,
 * AUTH) and hands over the connection, on which we then speak. */
#include "ctl/verify/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verify/interrupt.h"
#include "ctl/verify/session_private.h"
#include "ctl/verify/wiping.h"

bool session_global_init(struct error *error)
{
    /* libcurl leaves the process's signals alone, and a server may hang up at any time. */
    signal(SIGPIPE, SIG_IGN);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc,
                                wiping_strdup, wiping_calloc) == CURLE_OK ||
           error_set(error, "libcurl cannot be made ready");
}

static void note_capability(struct session_facts *facts, struct bytes word)
{
    if (bytes_equal_nocase(word, BYTES("STARTTLS")))
        facts->starttls = true;
    else if (bytes_equal_nocase(word, BYTES("SMTPUTF8")))
        facts->smtputf8 = true;
    else if (bytes_start_with_nocase(word, BYTES("AUTH ")) ||
             bytes_start_with_nocase(word, BYTES("AUTH="))) {
        facts->auth[0] = '\0';
        smtp_reply_append_printable(facts->auth, sizeof facts->auth,
                                    bytes_slice(word, 5, word.len));
    }
}

/* Only one of them greets like that: "pleased to meet you" stays where an admin took the name out
 * of the greeting. */
static void note_server(struct session_facts *facts, struct bytes line)
{
    if (bytes_find_nocase(line, BYTES("ESMTP Postfix")) < line.len)
        facts->says_postfix = true;
    if (bytes_find_nocase(line, BYTES("ESMTP Sendmail")) < line.len ||
        bytes_find_nocase(line, BYTES("], pleased to meet you")) < line.len)
        facts->says_sendmail = true;
}

/* Each line that libcurl reads on its way. */
static size_t note_line(char *data, size_t size, size_t count, void *context)
{
    struct session *session = context;
    struct session_facts *facts = &session->facts;
    struct bytes line = {data, size * count};
    size_t taken;
    if (!session->reader.begun) {
        smtp_reply_start(&session->reader);
        if (bytes_start_with_nocase(line, BYTES("250"))) {
            facts->starttls = facts->smtputf8 = false;
            facts->auth[0] = '\0';
        }
    }
    if (bytes_start_with_nocase(line, BYTES("250")))
        note_capability(facts, bytes_trim(bytes_slice(line, 4, line.len)));
    note_server(facts, line);
    if (smtp_reply_feed(&session->reader, line, &taken) == SMTP_REPLY_WHOLE) {
        facts->last = session->reader.reply;
        if (!facts->greeting.code)
            facts->greeting = facts->last;
    }
    return session->reader.size > SMTP_REPLY_SIZE_MAX ? 0 : line.len; /* 0: libcurl hangs up */
}

/* libcurl asks at least once a second. */
static int go_on(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                 curl_off_t up_now)
{
    (void)context, (void)total, (void)now, (void)up_total, (void)up_now;
    return interrupted();
}

static const char *bracketed(const char *host, char *room, size_t size)
{
    snprintf(room, size, strchr(host, ':') ? "[%s]" : "%s", host);
    return room;
}

static bool set_target(struct session *session, const struct session_way *way)
{
    char host[300], other[300], text[700];
    CURL *curl = session->curl;
    bracketed(way->host, host, sizeof host);
    snprintf(text, sizeof text, "%s://%s:%ld", way->tls == SESSION_IMPLICIT ? "smtps" : "smtp",
             host, way->port);
    if (curl_easy_setopt(curl, CURLOPT_URL, text) != CURLE_OK)
        return false;
    if (!way->connect)
        return true;
    snprintf(text, sizeof text, "%s:%ld:%s:%ld", host, way->port,
             bracketed(way->connect, other, sizeof other), way->port);
    session->connect_to = curl_slist_append(NULL, text);
    return session->connect_to &&
           curl_easy_setopt(curl, CURLOPT_CONNECT_TO, session->connect_to) == CURLE_OK;
}

static bool set_tls(CURL *curl, const struct session_way *way)
{
    long level = way->tls == SESSION_CLEAR ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL;
    long version = way->old_tls ? (long)CURL_SSLVERSION_TLSv1_0 | (long)CURL_SSLVERSION_MAX_TLSv1_1
                                : (long)CURL_SSLVERSION_TLSv1_2;
    return curl_easy_setopt(curl, CURLOPT_USE_SSL, level) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, version) == CURLE_OK &&
           (!way->old_tls ||
            curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0") == CURLE_OK) &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, way->insecure ? 0L : 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, way->insecure ? 0L : 2L) == CURLE_OK &&
           (!way->ca || curl_easy_setopt(curl, CURLOPT_CAINFO, way->ca) == CURLE_OK);
}

static bool set_login(CURL *curl, const struct session_way *way)
{
    char options[100] = "AUTH=PLAIN;AUTH=LOGIN";
    if (!way->login)
        return true;
    if (way->mechanism)
        snprintf(options, sizeof options, "AUTH=%s", way->mechanism);
    return curl_easy_setopt(curl, CURLOPT_USERNAME, way->login) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PASSWORD, way->password) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, options) == CURLE_OK;
}

/* No proxy, whatever the environment says: it is this listener that is looked at. */
static bool set_all(struct session *session, const struct session_way *way)
{
    CURL *curl = session->curl;
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, session->error) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, way->timeout) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, way->timeout) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, note_line) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, session) == CURLE_OK &&
           set_target(session, way) && set_tls(curl, way) && set_login(curl, way);
}

static enum session_result result_of(const struct session *session, CURLcode code)
{
    switch (code) {
    case CURLE_USE_SSL_FAILED:
        return SESSION_NO_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return SESSION_BAD_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
        return SESSION_TLS_FAILED;
    case CURLE_OPERATION_TIMEDOUT:
        return SESSION_SILENT;
    case CURLE_LOGIN_DENIED:
        return SESSION_LOGIN_REFUSED;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
        return SESSION_FAULT;
    default:
        /* A connection lost in the midst of a handshake is no missing server. */
        return session->facts.greeting.code && session->facts.last.code == 220 &&
                       session->facts.starttls
                   ? SESSION_TLS_FAILED
                   : SESSION_UNREACHABLE;
    }
}

static void note_place(struct session *session)
{
    char *address = NULL;
    curl_easy_getinfo(session->curl, CURLINFO_LOCAL_IP, &address);
    curl_easy_getinfo(session->curl, CURLINFO_PRIMARY_PORT, &session->facts.remote_port);
    snprintf(session->facts.local_ip, sizeof session->facts.local_ip, "%s", address ? address : "");
}

/* An AUTH that nobody offered is left out by libcurl without a word. */
static enum session_result judge_login(const struct session *session, const struct session_way *way,
                                       struct error *error)
{
    const struct session_facts *facts = &session->facts;
    if (!way->login || facts->last.code == 235)
        return SESSION_OPEN;
    error_set(error,
              facts->auth[0] ? "of its mechanisms (%s) none is to be used here"
                             : "AUTH is not offered%s",
              facts->auth);
    return SESSION_NO_LOGIN;
}

static enum session_result open_it(struct session *session, const struct session_way *way,
                                   struct error *error)
{
    session->curl = curl_easy_init();
    if (!session->curl || !set_all(session, way)) {
        error_set(error, "libcurl cannot be told what to do: %s", session->error);
        return SESSION_FAULT;
    }
    CURLcode code = curl_easy_perform(session->curl);
    note_place(session);
    if (code == CURLE_OK)
        return judge_login(session, way, error);
    /* Names in the certificate are the server's words. */
    error->text[0] = '\0';
    smtp_reply_append_printable(
        error->text, sizeof error->text,
        bytes_of(session->error[0] ? session->error : curl_easy_strerror(code)));
    return result_of(session, code);
}

enum session_result session_open(const struct session_way *way, struct session **ret_session,
                                 struct session_facts *ret_facts, struct error *error)
{
    *ret_session = NULL;
    *ret_facts = (struct session_facts){0};
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        error_set(error, "out of memory");
        return SESSION_FAULT;
    }
    session->timeout = way->timeout;
    enum session_result result = open_it(session, way, error);
    *ret_facts = session->facts;
    if (result == SESSION_OPEN)
        *ret_session = session;
    else
        session_close(session);
    return result;
}

bool session_fell_silent(const struct session *session)
{
    return session->silent;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    curl_easy_cleanup(session->curl);
    curl_slist_free_all(session->connect_to);
    free(session);
}
