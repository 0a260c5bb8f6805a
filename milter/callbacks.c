/* libmilter's callbacks: thin, each hands what it got to the message and answers. */
#include "milter/callbacks.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "gate/record.h"
#include "milter/alert.h"
#include "milter/apply.h"
#include "milter/connection.h"
#include "milter/counting.h"
#include "milter/current.h"
#include "milter/history_writer.h"
#include "milter/log.h"
#include "milter/macros.h"
#include "milter/writer.h"

/* Stages that only collect facts ask for no reply: the MTA then streams. Recipients that the MTA
 * refuses are asked for where it says by a macro which ones these are. */
#define PROTOCOL                                                                                   \
    (SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_HDR_LEADSPC | SMFIP_NR_CONN |            \
     SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NR_BODY)
#define ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST)

static unsigned long wanted_protocol = PROTOCOL;

/* Postfix empties its buffer at DATA, macros at least. What it sends next over TCP waits for their
 * acknowledgement (RFC 896), which our kernel holds back for 40 ms unless an answer carries it. */
void callbacks_use_tcp(bool tcp)
{
    wanted_protocol = tcp ? PROTOCOL & ~(unsigned long)SMFIP_NODATA : PROTOCOL;
}

static int64_t now_in(clockid_t clock, int64_t units_a_second)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * units_a_second + now.tv_nsec / (1000000000 / units_a_second);
}

static int64_t microseconds(void)
{
    return now_in(CLOCK_MONOTONIC, 1000000);
}

static sfsistat quiet(const struct connection *connection, unsigned long flag)
{
    return connection->agreed.flags & flag ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* Takes the text over. */
static void keep_record(const struct settings *settings, struct record_text *record)
{
    if (settings->history.file)
        history_writer_take(record_text_ref(record));
    if (settings->log.json)
        writer_take_record(record_text_ref(record));
    record_text_unref(record);
}

static void write_record(struct connection *connection)
{
    struct message *message = connection->message;
    const struct log_settings *settings = &message->snapshot->settings->log;
    const struct record_context context = {
        .queue_id = bytes_of(connection->queue_id),
        .now = now_in(CLOCK_REALTIME, 1000),
        .microseconds = connection->microseconds,
    };
    alert_message(message, context.queue_id);
    if (settings->syslog || log_is_verbose()) {
        char line[2048];
        record_write_line(message, &context, line, sizeof line);
        log_info("%s", line);
    }
    if (message->fault)
        log_error("%s: id=%s: %s", connection->queue_id[0] ? connection->queue_id : "NOQUEUE",
                  message->id, message->fault);
    if (!settings->json && !message->snapshot->settings->history.file)
        return;
    struct json json;
    json_init(&json);
    record_write_json(message, &context, &json);
    json_raw(&json, BYTES("\n"));
    struct record_text *record = json.failed ? NULL : record_text_new(json.data, json.len);
    if (record) {
        keep_record(message->snapshot->settings, record);
        return;
    }
    log_error("id=%s: out of memory for its record", message->id);
    if (json.failed)
        json_done(&json);
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long protocol,
                             unsigned long unused2, unsigned long unused3,
                             unsigned long *ret_actions, unsigned long *ret_protocol,
                             unsigned long *ret2, unsigned long *ret3)
{
    (void)unused2;
    (void)unused3;
    struct connection *connection = connection_of(context);
    if (!connection)
        return SMFIS_REJECT;
    struct stream_agreed agreed = {
        .flags = wanted_protocol & protocol,
        .asked_macros = (actions & SMFIF_SETSYMLIST) != 0,
    };
    if (agreed.asked_macros)
        agreed.flags |= SMFIP_RCPT_REJ & protocol;
    *ret_actions = ACTIONS & actions;
    *ret_protocol = agreed.flags;
    *ret2 = *ret3 = 0;
    if (agreed.asked_macros && !macros_ask(context))
        return SMFIS_REJECT; /* the connection: there is no message yet */
    connection_agree(connection, agreed);
    return SMFIS_CONTINUE;
}

/* The client's address as text; a port of 0 is how Postfix says that sendmail(1) is the client. */
static void read_address(const _SOCK_ADDR *address, struct connection *connection)
{
    struct facts_connection *facts = &connection->session.connection;
    char text[INET6_ADDRSTRLEN] = "";
    if (address && address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        facts->smtp = in.sin_port != 0;
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        facts->smtp = in6.sin6_port != 0;
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    }
    if (text[0])
        facts->client_address = arena_bytes(connection->arena, bytes_of(text));
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)host;
    struct connection *connection = connection_of(context);
    if (!connection)
        return SMFIS_TEMPFAIL;
    connection_restart(connection);
    read_address(address, connection);
    macros_read_connect(context, connection);
    return quiet(connection, SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
    struct connection *connection = connection_of(context);
    if (!connection)
        return SMFIS_TEMPFAIL;
    macros_leave_mail(context, connection);
    struct bytes helo = bytes_of(name);
    struct bytes *kept = &connection->session.connection.helo;
    if (!bytes_equal(helo, *kept))
        *kept = arena_bytes(connection->arena, helo);
    return quiet(connection, SMFIP_NR_HELO);
}

/* What the kernel gives; without random bytes there are no ids and no Message-IDs. */
static bool read_clock(struct message_clock *clock)
{
    clock->milliseconds = now_in(CLOCK_REALTIME, 1000);
    return getrandom(clock->random, sizeof clock->random, 0) == (ssize_t)sizeof clock->random;
}

static bool has_parameter(char **arguments, const char *name)
{
    for (; *arguments; arguments++)
        if (strcasecmp(*arguments, name) == 0)
            return true;
    return false;
}

static bool begin_message(SMFICTX *context, struct connection *connection)
{
    struct message_clock clock;
    struct snapshot *snapshot = current_snapshot();
    bool whole = macros_read_session(context, connection);
    if (!snapshot || !whole || arena_failed(connection->arena) || !read_clock(&clock)) {
        snapshot_unref(snapshot);
        return false;
    }
    connection->session.limits = counting_take();
    struct message *message = message_new(snapshot, &connection->session, &clock);
    snapshot_unref(snapshot);
    if (!message) {
        counting_give(connection->session.limits);
        return false;
    }
    connection_begin_message(connection, message);
    macros_read_queue_id(context, connection);
    return true;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
    int64_t began = microseconds();
    struct connection *connection = connection_of(context);
    if (!connection)
        return apply_fault(context);
    connection_end_message(connection);
    if (!begin_message(context, connection)) {
        log_error("NOQUEUE: no memory, no random bytes or no configuration for a message");
        return apply_fault(context);
    }
    struct message *message = connection->message;
    if (current_is_draining())
        message_fault(message, "the daemon is stopping");
    message_mail(message, bytes_of(arguments[0]),
                 arguments[0] && has_parameter(arguments + 1, "SMTPUTF8"));
    connection->microseconds += microseconds() - began;
    if (message->outcome.action < ACTION_TEMPFAIL)
        return SMFIS_CONTINUE;
    sfsistat status = apply_refusal(context, &message->outcome.reply);
    write_record(connection);
    connection_end_message(connection);
    return status;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
    int64_t began = microseconds();
    struct connection *connection = connection_of(context);
    if (!connection || !connection->message)
        return apply_fault(context);
    struct message *message = connection->message;
    macros_read_queue_id(context, connection);
    if (connection->agreed.flags & SMFIP_RCPT_REJ && macros_tell_refused_rcpt(context)) {
        if (macros_tell_refused_for_good(context))
            message_rcpt_refused_by_mta(message);
        return SMFIS_CONTINUE;
    }
    bool accepted = message_rcpt(message, bytes_of(arguments[0]));
    connection->microseconds += microseconds() - began;
    if (accepted)
        return SMFIS_CONTINUE;
    sfsistat status = apply_refusal(context, &message->outcome.reply);
    write_record(connection);
    message_rcpt_refused(message);
    return status;
}

static sfsistat on_data(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
    int64_t began = microseconds();
    struct connection *connection = connection_of(context);
    if (!connection)
        return SMFIS_TEMPFAIL;
    if (!connection->message) /* the end of the message is told so */
        return quiet(connection, SMFIP_NR_HDR);
    struct message *message = connection->message;
    struct bytes text = bytes_of(value);
    if (!(connection->agreed.flags & SMFIP_HDR_LEADSPC))
        text = bytes_of(arena_printf(message->arena, " %s", value));
    message_field(message, bytes_of(name), text);
    connection->microseconds += microseconds() - began;
    return quiet(connection, SMFIP_NR_HDR);
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t len)
{
    int64_t began = microseconds();
    struct connection *connection = connection_of(context);
    if (!connection)
        return SMFIS_TEMPFAIL;
    if (!connection->message)
        return quiet(connection, SMFIP_NR_BODY);
    message_body(connection->message, (struct bytes){(const char *)chunk, len});
    connection->microseconds += microseconds() - began;
    return quiet(connection, SMFIP_NR_BODY);
}

static sfsistat on_end(SMFICTX *context)
{
    int64_t began = microseconds();
    struct connection *connection = connection_of(context);
    if (!connection || !connection->message)
        return apply_fault(context);
    struct message *message = connection->message;
    const struct log_settings *settings = &message->snapshot->settings->log;
    macros_read_queue_id(context, connection);
    macros_report_missing(context, connection);
    if (settings->json && settings->on_error == LOG_ON_ERROR_TEMPFAIL && !writer_works())
        message_fault(message, "records cannot be written, and log.on_error is \"tempfail\"");
    message_end(message);
    sfsistat status = apply_end(context, connection);
    connection->microseconds += microseconds() - began;
    write_record(connection);
    connection_end_message(connection);
    return status;
}

static sfsistat on_abort(SMFICTX *context)
{
    struct connection *connection = smfi_getpriv(context);
    if (connection)
        connection_end_message(connection);
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
    connection_close(context);
    return SMFIS_CONTINUE;
}

static char filter_name[] = "submilter";

const struct smfiDesc callbacks = {
    .xxfi_name = filter_name,
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = ACTIONS,
    .xxfi_connect = on_connect,
    .xxfi_helo = on_helo,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_rcpt,
    .xxfi_data = on_data,
    .xxfi_header = on_field,
    .xxfi_body = on_body,
    .xxfi_eom = on_end,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_negotiate = on_negotiate,
};
