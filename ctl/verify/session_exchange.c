/* Commands and replies on a session that stands. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/verify/interrupt.h"
#include "ctl/verify/session_private.h"

#define LOOK_UP_MAX 1000 /* milliseconds: a signal may have come just before it was waited */

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_gone(struct session *session, const char *why, struct error *error)
{
    session->gone = true;
    return error_set(error, "%s", why);
}

static bool in_time(struct session *session, int64_t deadline, struct error *error)
{
    if (interrupted())
        return is_gone(session, "interrupted", error);
    if (milliseconds() < deadline)
        return true;
    session->silent = true;
    return is_gone(session, "the server has fallen silent", error);
}

/* Until the socket is ready, or it is time to look again. */
static bool wait_for(struct session *session, short events, int64_t deadline, struct error *error)
{
    curl_socket_t number = CURL_SOCKET_BAD;
    curl_easy_getinfo(session->curl, CURLINFO_ACTIVESOCKET, &number);
    if (number == CURL_SOCKET_BAD)
        return is_gone(session, "the server has closed the connection", error);
    struct pollfd place = {.fd = number, .events = events};
    int64_t left = deadline - milliseconds();
    if (left > LOOK_UP_MAX)
        left = LOOK_UP_MAX;
    if (left > 0 && poll(&place, 1, (int)left) < 0 && errno != EINTR)
        return is_gone(session, "the connection is gone", error);
    return in_time(session, deadline, error);
}

static bool send_all(struct session *session, struct bytes text, int64_t deadline,
                     struct error *error)
{
    while (text.len) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(session->curl, text.data, text.len, &sent);
        if (code == CURLE_AGAIN) {
            if (!wait_for(session, POLLOUT, deadline, error))
                return false;
        } else if (code != CURLE_OK) {
            return is_gone(session, "the server has closed the connection", error);
        }
        text = bytes_slice(text, sent, text.len);
    }
    return true;
}

static bool read_reply(struct session *session, int64_t deadline, struct smtp_reply *ret_reply,
                       struct error *error)
{
    smtp_reply_start(&session->reader);
    for (;;) {
        char piece[512];
        size_t got = 0, taken;
        if (!in_time(session, deadline, error))
            return false;
        CURLcode code = curl_easy_recv(session->curl, piece, sizeof piece, &got);
        if (code == CURLE_AGAIN) {
            if (!wait_for(session, POLLIN, deadline, error))
                return false;
            continue;
        }
        if (code != CURLE_OK || !got)
            return is_gone(session, "the server has closed the connection", error);
        enum smtp_reply_state state =
            smtp_reply_feed(&session->reader, (struct bytes){piece, got}, &taken);
        if (state == SMTP_REPLY_MORE)
            continue;
        if (state == SMTP_REPLY_GARBAGE)
            return is_gone(session, "the server says what is no SMTP reply", error);
        session->gone = taken != got; /* a 421 behind it: too many errors */
        *ret_reply = session->reader.reply;
        return true;
    }
}

static bool exchange(struct session *session, struct bytes text, struct smtp_reply *ret_reply,
                     struct error *error)
{
    int64_t deadline = milliseconds() + (int64_t)session->timeout * 1000;
    *ret_reply = (struct smtp_reply){0};
    if (session->gone)
        return is_gone(session, "the connection is gone", error);
    return send_all(session, text, deadline, error) &&
           read_reply(session, deadline, ret_reply, error);
}

bool session_command(struct session *session, const char *command, struct smtp_reply *ret_reply,
                     struct error *error)
{
    char line[1024];
    int len = snprintf(line, sizeof line, "%s\r\n", command);
    if (len < 0 || (size_t)len >= sizeof line)
        return error_set(error, "the command is too long for SMTP");
    return exchange(session, (struct bytes){line, (size_t)len}, ret_reply, error);
}

bool session_message(struct session *session, struct bytes message, struct smtp_reply *ret_reply,
                     struct error *error)
{
    char *wire = malloc(message.len * 2 + 3);
    size_t len = 0;
    if (!wire)
        return is_gone(session, "out of memory", error);
    for (size_t i = 0; i < message.len; i++) {
        if (message.data[i] == '.' && (i == 0 || message.data[i - 1] == '\n'))
            wire[len++] = '.';
        wire[len++] = message.data[i];
    }
    for (const char *end = ".\r\n"; *end; end++)
        wire[len++] = *end;
    bool answered = exchange(session, (struct bytes){wire, len}, ret_reply, error);
    free(wire);
    return answered;
}
