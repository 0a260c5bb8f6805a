/* Negotiation, and which commands go out, which wait for a reply: as milter8.c of Postfix 3.7. */
#include "tests/bench/load/session.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/load/protocol.h"

/* For each command: the bits by which a filter asks not to see it, or says that it never answers.
 * The macros go out even where the command does not. */
static const struct {
    char command;
    uint32_t unseen, unanswered;
} bits[] = {
    {COMMAND_CONNECT, NO_CONNECT, NO_REPLY_CONNECT},
    {COMMAND_HELO, NO_HELO, NO_REPLY_HELO},
    {COMMAND_MAIL, NO_MAIL, NO_REPLY_MAIL},
    {COMMAND_RCPT, NO_RCPT, NO_REPLY_RCPT},
    {COMMAND_DATA, NO_DATA, NO_REPLY_DATA},
    {COMMAND_HEADER, NO_HEADERS, NO_REPLY_HEADER},
    {COMMAND_EOH, NO_EOH, NO_REPLY_EOH},
    {COMMAND_BODY, NO_BODY, NO_REPLY_BODY},
    {COMMAND_EOM, 0, 0},
};

static const char connect_data[] = "client.example.net\0"
                                   "4\xa1\x02"
                                   "192.0.2.7";
static const char helo_data[] = "laptop.example.net";

static bool read_lists(struct session *session, struct bytes rest, struct error *error)
{
    while (rest.len > sizeof(uint32_t)) {
        uint32_t stage = wire_number_at(rest.data);
        rest = bytes_slice(rest, sizeof stage, rest.len);
        struct bytes names = bytes_slice(rest, 0, bytes_find(rest, '\0'));
        if (!macros_ask(&session->lists, stage, names))
            return error_set(error, "a list of macros for stage %u came", stage);
        rest = bytes_slice(rest, names.len + 1, rest.len);
    }
    return true;
}

static bool negotiate(struct session *session, struct error *error)
{
    struct packet reply;
    struct wire *wire = &session->wire;
    if (!wire_begin(wire, COMMAND_NEGOTIATE, 3 * sizeof(uint32_t), error) ||
        !wire_number(wire, POSTFIX_VERSION, error) || !wire_number(wire, POSTFIX_ACTIONS, error) ||
        !wire_number(wire, POSTFIX_PROTOCOL, error) || !wire_read(wire, &reply, error))
        return false;
    if (reply.command != COMMAND_NEGOTIATE || reply.data.len < 3 * sizeof(uint32_t))
        return error_set(error, "'%c' is no answer to a negotiation", reply.command);
    uint32_t version = wire_number_at(reply.data.data);
    uint32_t actions = wire_number_at(reply.data.data + 4);
    session->protocol = wire_number_at(reply.data.data + 8);
    if (version > POSTFIX_VERSION || actions & ~POSTFIX_ACTIONS)
        return error_set(error, "version %u and actions 0x%x are not what was offered", version,
                         actions);
    return read_lists(session, bytes_slice(reply.data, 12, reply.data.len), error);
}

static bool greet(struct session *session, char command, struct bytes data, struct error *error)
{
    struct packet reply;
    if (!session_command(session, command, data, &reply, error))
        return false;
    return !reply.command || reply.command == REPLY_CONTINUE ||
           error_set(error, "'%c' came to the greeting '%c'", reply.command, command);
}

bool session_open(struct session *session, const char *milter, const char *login,
                  struct error *error)
{
    *session = (struct session){.wire.fd = -1};
    snprintf(session->login, sizeof session->login, "%s", login);
    session->values.login = session->login;
    return wire_open(&session->wire, milter, error) && negotiate(session, error) &&
           greet(session, COMMAND_CONNECT, (struct bytes){connect_data, sizeof connect_data},
                 error) &&
           greet(session, COMMAND_HELO, (struct bytes){helo_data, sizeof helo_data}, error);
}

void session_close(struct session *session, bool said)
{
    struct error ignored;
    /* smtpd forgets the HELO first, which sends one more ABORT. */
    if (said && wire_begin(&session->wire, COMMAND_ABORT, 0, &ignored) &&
        wire_begin(&session->wire, COMMAND_QUIT, 0, &ignored))
        (void)!wire_flush(&session->wire, &ignored);
    wire_close(&session->wire);
}

void session_set_values(struct session *session, const char *rcpt, const char *queue_id)
{
    session->values.rcpt = rcpt;
    session->values.queue_id = queue_id;
    session->same_command = 0;
}

static bool send_macros(struct session *session, char command, struct error *error)
{
    if (session->same_command != command) {
        session->same_len =
            macros_for(&session->lists, command, &session->values, session->same).len;
        session->same_command = command;
    }
    return wire_begin(&session->wire, COMMAND_MACRO, session->same_len, error) &&
           wire_bytes(&session->wire, (struct bytes){session->same, session->same_len}, error);
}

bool session_next_reply(struct session *session, struct packet *ret_reply, struct error *error)
{
    do {
        if (!wire_read(&session->wire, ret_reply, error))
            return false;
    } while (ret_reply->command == EDIT_PROGRESS);
    return true;
}

bool session_command(struct session *session, char command, struct bytes data,
                     struct packet *ret_reply, struct error *error)
{
    size_t row = 0;
    while (bits[row].command != command)
        row++;
    *ret_reply = (struct packet){0};
    if (!send_macros(session, command, error))
        return false;
    if (session->protocol & bits[row].unseen)
        return true;
    if (!wire_begin(&session->wire, command, data.len, error) ||
        !wire_bytes(&session->wire, data, error))
        return false;
    return session->protocol & bits[row].unanswered ||
           session_next_reply(session, ret_reply, error);
}
