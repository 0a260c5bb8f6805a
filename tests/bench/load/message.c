/* The commands of a message, in Postfix's order and buffering. */
#include "tests/bench/load/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/load/came.h"
#include "tests/bench/load/protocol.h"

#define COMMAND_DATA_MAX 600

bool content_init(struct content *content, const struct options *options, struct error *error)
{
    *content = (struct content){.options = options};
    if (!block_read(&content->block, options->block, error))
        return false;
    content->body = block_new_body(options->body_size);
    return content->body || error_set(error, "out of memory");
}

void content_done(struct content *content)
{
    block_done(&content->block);
    free(content->body);
}

/* A command within a message. reply.command stays 0 while the message goes on. */
static bool step(struct session *session, char command, struct bytes data, struct packet *ret_end,
                 struct error *error)
{
    if (!session_command(session, command, data, ret_end, error))
        return false;
    if (ret_end->command == REPLY_CONTINUE)
        ret_end->command = '\0';
    return true;
}

static bool send_envelope(struct session *session, const struct content *content,
                          struct packet *ret_end, struct error *error)
{
    char data[COMMAND_DATA_MAX], rcpt[64];
    int len = snprintf(data, sizeof data, "<%s>%cBODY=8BITMIME", session->login, '\0');
    session_set_values(session, NULL, NULL);
    if (!step(session, COMMAND_MAIL, (struct bytes){data, (size_t)len + 1}, ret_end, error))
        return false;
    for (unsigned i = 0; i < content->options->recipients && !ret_end->command; i++) {
        snprintf(rcpt, sizeof rcpt, "rcpt%u@example.net", i);
        len = snprintf(data, sizeof data, "<%s>", rcpt);
        session_set_values(session, rcpt, NULL);
        if (!step(session, COMMAND_RCPT, (struct bytes){data, (size_t)len + 1}, ret_end, error))
            return false;
    }
    session_set_values(session, NULL, NULL);
    return true;
}

static bool send_fields(struct session *session, const struct content *content, unsigned number,
                        struct packet *ret_end, struct error *error)
{
    const struct block_values values = {session->login, number};
    char *room = malloc(content->block.rendered_max + 1);
    bool good = room || error_set(error, "out of memory");
    for (size_t i = 0; good && i < content->block.count && !ret_end->command; i++) {
        struct bytes field = block_render(&content->block, i, &values, room);
        size_t colon = bytes_find(field, ':');
        size_t value = colon + 1;
        /* Without its leading blank, where the filter did not ask for that. */
        if (!(session->protocol & LEADING_SPACE) && value < field.len && room[value] == ' ')
            memmove(room + value, room + value + 1, --field.len - value);
        room[colon] = '\0';
        room[field.len++] = '\0';
        good = step(session, COMMAND_HEADER, field, ret_end, error);
    }
    free(room);
    return good && (ret_end->command ||
                    step(session, COMMAND_EOH, (struct bytes){NULL, 0}, ret_end, error));
}

static bool send_body(struct session *session, const struct content *content,
                      struct packet *ret_end, struct error *error)
{
    struct bytes rest = {content->body, content->options->body_size};
    while (rest.len && !ret_end->command) {
        struct bytes chunk = bytes_slice(rest, 0, BODY_CHUNK);
        if (!step(session, COMMAND_BODY, chunk, ret_end, error))
            return false;
        rest = bytes_slice(rest, chunk.len, rest.len);
    }
    if (ret_end->command == REPLY_SKIP)
        ret_end->command = '\0';
    return true;
}

static bool send_content(struct session *session, const struct content *content, unsigned number,
                         struct packet *ret_end, struct error *error)
{
    char queue_id[32];
    snprintf(queue_id, sizeof queue_id, "4XyZ%08XmBnz", number);
    session_set_values(session, NULL, queue_id);
    /* smtpd hands the socket over to cleanup behind DATA, and empties its buffer before. */
    bool good = step(session, COMMAND_DATA, (struct bytes){NULL, 0}, ret_end, error) &&
                wire_flush(&session->wire, error) &&
                (ret_end->command || send_fields(session, content, number, ret_end, error)) &&
                (ret_end->command || send_body(session, content, ret_end, error)) &&
                (ret_end->command ||
                 session_command(session, COMMAND_EOM, (struct bytes){NULL, 0}, ret_end, error));
    session_set_values(session, NULL, NULL);
    return good;
}

static bool write_sample(const struct session *session, const struct content *content,
                         unsigned number, const struct came *came, struct error *error)
{
    const struct block_values values = {session->login, number};
    FILE *out = fopen(content->options->sample, "wb");
    char *room = malloc(content->block.rendered_max);
    if (!out || !room) {
        free(room);
        if (out)
            fclose(out);
        return error_set(error, "%s cannot be written", content->options->sample);
    }
    fputs(came->above ? came->above : "", out);
    for (size_t i = 0; i < content->block.count; i++) {
        struct bytes field = block_render(&content->block, i, &values, room);
        fprintf(out, "%.*s\n", (int)field.len, field.data);
    }
    fputs("\n", out);
    fwrite(content->body, 1, content->options->body_size, out);
    free(room);
    return fclose(out) == 0 || error_set(error, "%s: not written", content->options->sample);
}

static bool is_edit(char command)
{
    return command && strchr("himq+-2be", command);
}

bool message_send(struct session *session, const struct content *content, unsigned number,
                  bool sample, struct error *error)
{
    struct came came = {0};
    struct packet reply = {0};
    bool good = send_envelope(session, content, &reply, error) &&
                (reply.command || send_content(session, content, number, &reply, error));
    while (good && is_edit(reply.command))
        good =
            came_edit(&came, content->options, &reply, session->protocol & LEADING_SPACE, error) &&
            session_next_reply(session, &reply, error);
    if (good) {
        came_reply(&came, &reply);
        good = came_as_expected(&came, content->options, error);
    }
    if (good && sample)
        good = write_sample(session, content, number, &came, error);
    came_done(&came);
    /* smtpd says so behind each message; it goes out with what comes next. */
    return good && wire_begin(&session->wire, COMMAND_ABORT, 0, error);
}

bool message_begin(struct session *session, const struct content *content, enum hold_at until,
                   struct error *error)
{
    struct packet end = {0};
    if (until == HOLD_AT_HELO)
        return wire_flush(&session->wire, error);
    if (!send_envelope(session, content, &end, error))
        return false;
    if (until == HOLD_AT_BODY && !end.command) {
        session_set_values(session, NULL, "4XyZheld");
        if (!step(session, COMMAND_DATA, (struct bytes){NULL, 0}, &end, error) ||
            !send_fields(session, content, 0, &end, error) ||
            !send_body(session, content, &end, error))
            return false;
        session_set_values(session, NULL, NULL);
    }
    return wire_flush(&session->wire, error) &&
           (!end.command ||
            error_set(error, "'%c' came to a message that was only begun", end.command));
}
