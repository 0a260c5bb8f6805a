/* Asking for macros and reading them. */
#include "milter/macros.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/log.h"

/* {auth_author} and {cert_subject} never name who logged in: the client chooses the one, the
 * certificate's issuer the other. */
static const struct {
    int stage;
    char list[160];
} wanted[] = {
    {SMFIM_CONNECT, "j v {daemon_name} {daemon_port} {client_name}"},
    {SMFIM_HELO, "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}"},
    {SMFIM_ENVFROM,
     "j i {mail_addr} {auth_authen} {auth_type} {tls_version} {cipher} {cipher_bits} "
     "{cert_subject} {cert_issuer}"},
    {SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host}"},
    {SMFIM_EOM, "i"},
};

bool macros_ask(SMFICTX *context)
{
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char list[sizeof wanted[i].list];
        memcpy(list, wanted[i].list, sizeof list);
        if (smfi_setsymlist(context, wanted[i].stage, list) != MI_SUCCESS)
            return false;
    }
    return true;
}

/* What tells that macros came: the host's name is asked for at CONNECT and MAIL. For an MTA that
 * names it at CONNECT only, whatever else comes at MAIL tells it too. */
#define TELLS_HOST 0
static const char tellers[CONNECTION_TELLERS][16] = {"j", "{mail_addr}", "i", "{auth_authen}",
                                                     "{auth_type}"};

struct news {
    bool host; /* the host's name came */
    bool any;
};

/* Where it has no memory for macros that came, libmilter goes on with those of before and tells
 * nobody: a login would be missing, or the port. Each new packet of macros lies in memory of its
 * own, and is there before the one that it takes the place of is freed: so the address of a macro
 * that came again has changed. */
static struct news came_anew(SMFICTX *context, struct connection *connection)
{
    struct news news = {false, false};
    for (size_t i = 0; i < CONNECTION_TELLERS; i++) {
        char name[sizeof tellers[i]];
        memcpy(name, tellers[i], sizeof name);
        const char *now = smfi_getsymval(context, name);
        bool anew = now && now != connection->told_at[i];
        connection->told_at[i] = now;
        news.host = news.host || (anew && i == TELLS_HOST);
        news.any = news.any || anew;
    }
    return news;
}

static struct bytes value_of(SMFICTX *context, const char *macro)
{
    char name[32];
    snprintf(name, sizeof name, "%s", macro);
    return bytes_of(smfi_getsymval(context, name));
}

/* A value in the connection's arena; the old copy stays when nothing changed, so that a session of
 * many messages does not grow. */
static void keep_value(struct connection *connection, struct bytes value, struct bytes *kept)
{
    if (!bytes_equal(value, *kept))
        *kept = value.len ? arena_bytes(connection->arena, value) : (struct bytes){NULL, 0};
}

static void keep(SMFICTX *context, struct connection *connection, const char *macro,
                 struct bytes *kept)
{
    keep_value(connection, value_of(context, macro), kept);
}

static int64_t number_of(struct bytes text)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%.*s", (int)(text.len < 15 ? text.len : 15),
             text.data ? text.data : "");
    return strtoll(digits, NULL, 10);
}

/* {v} is "8.17.1" there and "Postfix 3.7.11" here. */
static bool is_sendmail(struct bytes version)
{
    return version.len > 1 && version.data[0] >= '0' && version.data[0] <= '9' &&
           bytes_find(version, '.') < version.len;
}

void macros_read_connect(SMFICTX *context, struct connection *connection)
{
    struct facts_connection *facts = &connection->session.connection;
    keep(context, connection, "{daemon_name}", &facts->daemon_name);
    keep(context, connection, "{client_name}", &facts->client_name);
    keep(context, connection, "j", &facts->mta_host);
    facts->mta = is_sendmail(value_of(context, "v")) ? MTA_SENDMAIL : MTA_OTHER;
    struct bytes port = value_of(context, "{daemon_port}");
    facts->daemon_port = number_of(port);
    struct news news = came_anew(context, connection);
    connection->told_at_connect = news.host || port.len || facts->daemon_name.len;
    if (bytes_equal(facts->client_name, BYTES("unknown")))
        facts->client_name = (struct bytes){NULL, 0};
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789ABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Sendmail hands the login over as xtext (RFC 3461 section 4): a + in it comes as +2B. */
static struct bytes undo_xtext(struct bytes text, char *room)
{
    struct bytes plain = {room, 0};
    for (size_t i = 0; i < text.len; i++) {
        int high = text.data[i] == '+' && i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
        room[plain.len++] = low >= 0 ? (char)(high * 16 + low) : text.data[i];
        i += low >= 0 ? 2 : 0;
    }
    return plain;
}

static void keep_login(SMFICTX *context, struct connection *connection, struct facts_login *login)
{
    struct bytes value = value_of(context, "{auth_authen}");
    char plain[1024]; /* Sendmail's own names are shorter; what is longer is nobody's */
    if (connection->session.connection.mta == MTA_SENDMAIL && value.len <= sizeof plain)
        value = undo_xtext(value, plain);
    keep_value(connection, value, &login->name);
    keep(context, connection, "{auth_type}", &login->mechanism);
    login->state = login->name.len ? FACT_KNOWN : FACT_ABSENT;
}

void macros_leave_mail(SMFICTX *context, struct connection *connection)
{
    struct news news = came_anew(context, connection);
    (void)news; /* those of CONNECT are found again */
}

bool macros_read_session(SMFICTX *context, struct connection *connection)
{
    bool named_host = connection->told_at[TELLS_HOST] != NULL;
    struct news news = came_anew(context, connection);
    bool lost = news.any ? news.host && !connection->told_at_connect : named_host;
    struct facts_tls *tls = &connection->session.tls;
    keep(context, connection, "{tls_version}", &tls->version);
    keep(context, connection, "{cipher}", &tls->cipher);
    keep(context, connection, "{cert_subject}", &tls->cert_subject);
    keep(context, connection, "{cert_issuer}", &tls->cert_issuer);
    tls->cipher_bits = number_of(value_of(context, "{cipher_bits}"));
    tls->state = tls->version.len ? FACT_KNOWN : FACT_ABSENT;

    keep_login(context, connection, &connection->session.login);
    return !lost || !connection->agreed.asked_macros;
}

/* Lines of the log begin with it, and it is told to admins: it shall not be what else they read. */
void macros_read_queue_id(SMFICTX *context, struct connection *connection)
{
    struct bytes id = bytes_slice(value_of(context, "i"), 0, sizeof connection->queue_id - 1);
    for (size_t i = 0; i < id.len; i++) {
        bool plain = bytes_is_printable(id.data[i]) && id.data[i] != ' ';
        connection->queue_id[i] = plain ? id.data[i] : '?';
    }
    if (id.len)
        connection->queue_id[id.len] = '\0';
}

/* "5.1.1" */
static bool is_enhanced_code(struct bytes text)
{
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        dots += text.data[i] == '.';
        if (text.data[i] != '.' && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    }
    return dots == 2 && (text.data[0] == '4' || text.data[0] == '5');
}

/* A route to the mailer "error" that is not refused at once has a host that is none. */
bool macros_tell_refused_rcpt(SMFICTX *context)
{
    return bytes_equal(value_of(context, "{rcpt_mailer}"), BYTES("error")) &&
           is_enhanced_code(value_of(context, "{rcpt_host}"));
}

bool macros_tell_refused_for_good(SMFICTX *context)
{
    return bytes_start_with_nocase(value_of(context, "{rcpt_host}"), BYTES("5"));
}

enum missing {
    MISSING_QUEUE_ID,
    MISSING_DAEMON_PORT,
    MISSING_MECHANISM,
    MISSING_CIPHER_BITS,
    MISSING_COUNT,
};

static const struct {
    const char *macro;
    const char *consequence;
    const char *postfix; /* the setting that names it */
    const char *sendmail;
} missing_texts[MISSING_COUNT] = {
    [MISSING_QUEUE_ID] = {"i", "records carry no queue id", "milter_end_of_data_macros",
                          "confMILTER_MACROS_ENVFROM"},
    [MISSING_DAEMON_PORT] = {"{daemon_port}", "listeners that are told by ports never match",
                             "milter_connect_macros", "confMILTER_MACROS_CONNECT"},
    [MISSING_MECHANISM] = {"{auth_type}", "login mechanisms can't be checked", "milter_mail_macros",
                           "confMILTER_MACROS_ENVFROM"},
    [MISSING_CIPHER_BITS] = {"{cipher_bits}", "the floor of tls.min_cipher_bits can't be met",
                             "milter_helo_macros", "confMILTER_MACROS_HELO"},
};

void macros_report_missing(SMFICTX *context, const struct connection *connection)
{
    static atomic_bool said[2][MISSING_COUNT]; /* by kind: sendmail(1), SMTP */
    const struct message_session *session = &connection->session;
    bool smtp = session->connection.smtp;
    bool sendmail = session->connection.mta == MTA_SENDMAIL;
    bool missing[MISSING_COUNT] = {
        [MISSING_QUEUE_ID] = !connection->queue_id[0],
        [MISSING_DAEMON_PORT] = smtp && !value_of(context, "{daemon_port}").len,
        [MISSING_MECHANISM] = session->login.state == FACT_KNOWN && !session->login.mechanism.len,
        [MISSING_CIPHER_BITS] = session->tls.state == FACT_KNOWN && !session->tls.cipher_bits,
    };
    for (int i = 0; i < MISSING_COUNT; i++)
        if (missing[i] && !atomic_exchange(&said[smtp][i], true))
            log_warning("%s connections: the MTA did not send the macro %s: %s; %s has to name it",
                        smtp ? "SMTP" : "sendmail(1)", missing_texts[i].macro,
                        missing_texts[i].consequence,
                        sendmail ? missing_texts[i].sendmail : missing_texts[i].postfix);
}
