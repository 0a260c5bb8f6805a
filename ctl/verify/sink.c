/* The receiving side of SMTP (RFC 5321), as little of it as an MTA needs to hand over a message. */
#include "ctl/verify/sink.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctl/verify/interrupt.h"

#define LINE_MAX_BYTES 65536
#define MESSAGE_MAX ((size_t)1 << 20)
#define STRAGGLERS_MAX 2000 /* milliseconds for what comes behind the wanted message */
#define LOOK_UP_MAX 1000    /* milliseconds between looks whether a signal has come */
#define SILENCE_MAX 10000   /* milliseconds: an idle connection must not keep the next one out */

struct sink {
    int listening;
    int connections;
    int count; /* of messages that were taken in */
};

struct peer {
    int connection;
    int64_t deadline;
    size_t len, taken; /* of buffer */
    char buffer[LINE_MAX_BYTES];
};

struct data {
    char *text;
    size_t len;
    bool too_large;
    int count; /* of messages so far */
};

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether the descriptor is ready before the deadline, and within so long. */
static bool is_ready(int descriptor, short events, int64_t deadline, int64_t within)
{
    struct pollfd place = {.fd = descriptor, .events = events};
    int64_t until = milliseconds() + within, left;
    if (until > deadline)
        until = deadline;
    while ((left = until - milliseconds()) > 0) {
        int ready = poll(&place, 1, (int)left);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
    return false;
}

static bool say(struct peer *peer, const char *text)
{
    size_t len = strlen(text);
    while (len) {
        if (!is_ready(peer->connection, POLLOUT, peer->deadline, SILENCE_MAX))
            return false;
        ssize_t sent = send(peer->connection, text, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Without its CRLF; a bare LF ends no line. False: the peer has gone, or is none. */
static bool next_line(struct peer *peer, struct bytes *ret_line)
{
    memmove(peer->buffer, peer->buffer + peer->taken, peer->len - peer->taken);
    peer->len -= peer->taken;
    peer->taken = 0;
    for (size_t from = 0;;) {
        const char *end = memmem(peer->buffer + from, peer->len - from, "\r\n", 2);
        if (end) {
            *ret_line = (struct bytes){peer->buffer, (size_t)(end - peer->buffer)};
            peer->taken = ret_line->len + 2;
            return true;
        }
        from = peer->len ? peer->len - 1 : 0;
        if (peer->len == sizeof peer->buffer ||
            !is_ready(peer->connection, POLLIN, peer->deadline, SILENCE_MAX))
            return false;
        ssize_t got =
            recv(peer->connection, peer->buffer + peer->len, sizeof peer->buffer - peer->len, 0);
        if (got <= 0)
            return false;
        peer->len += (size_t)got;
    }
}

static void keep(struct data *data, struct bytes line)
{
    if (data->too_large || data->len + line.len + 2 > MESSAGE_MAX) {
        data->too_large = true;
        return;
    }
    if (line.len)
        memcpy(data->text + data->len, line.data, line.len);
    memcpy(data->text + data->len + line.len, "\r\n", 2);
    data->len += line.len + 2;
}

static bool read_data(struct peer *peer, struct data *data)
{
    struct bytes line;
    data->len = 0;
    data->too_large = false;
    while (next_line(peer, &line)) {
        if (bytes_equal(line, BYTES(".")))
            return true;
        keep(data, line.len && line.data[0] == '.' ? bytes_slice(line, 1, line.len) : line);
    }
    return false;
}

static bool is_command(struct bytes line, const char *verb)
{
    return bytes_start_with_nocase(line, bytes_of(verb)) &&
           (line.len == strlen(verb) || line.data[strlen(verb)] == ' ');
}

/* True: the message with the mark was taken. ret_gone: nothing more will come. */
static bool take_message(struct peer *peer, struct data *data, const char *mark, bool *ret_gone)
{
    struct bytes text;
    *ret_gone = !say(peer, "354 go on\r\n") || !read_data(peer, data);
    if (*ret_gone)
        return false;
    data->count++;
    text = (struct bytes){data->text, data->len};
    bool wanted = !data->too_large && bytes_find_nocase(text, bytes_of(mark)) < text.len;
    *ret_gone = !say(peer, data->too_large ? "552 5.3.4 larger than any test message\r\n"
                                           : "250 2.0.0 taken\r\n");
    return wanted;
}

/* What is left of the deadline once the wanted message is there. */
static int64_t shortened(int64_t deadline)
{
    int64_t soon = milliseconds() + STRAGGLERS_MAX;
    return soon < deadline ? soon : deadline;
}

static bool answer_data(struct peer *peer, struct data *data, const char *mark, struct arena *arena,
                        struct bytes *ret_text, bool *ret_gone)
{
    if (!take_message(peer, data, mark, ret_gone))
        return false;
    *ret_text = arena_bytes(arena, (struct bytes){data->text, data->len});
    peer->deadline = shortened(peer->deadline);
    return ret_text->data != NULL;
}

static bool talk(struct peer *peer, struct data *data, const char *mark, struct arena *arena,
                 struct bytes *ret_text)
{
    struct bytes line;
    bool found = false;
    bool gone = !say(peer, "220 submilterctl-verify.invalid ESMTP sink\r\n");
    while (!gone && next_line(peer, &line)) {
        if (is_command(line, "EHLO")) {
            gone = !say(peer, "250-submilterctl-verify.invalid\r\n250-8BITMIME\r\n"
                              "250-SMTPUTF8\r\n250 PIPELINING\r\n");
        } else if (is_command(line, "DATA")) {
            if (answer_data(peer, data, mark, arena, ret_text, &gone))
                found = true;
        } else if (is_command(line, "QUIT")) {
            gone = true;
            (void)say(peer, "221 2.0.0 bye\r\n");
        } else {
            gone = !say(peer, "250 2.0.0 ok\r\n");
        }
    }
    return found;
}

bool sink_serve(int connection, const char *mark, int64_t deadline, struct arena *arena,
                struct bytes *ret_text, int *count)
{
    struct data data = {.text = malloc(MESSAGE_MAX)};
    struct peer *peer = calloc(1, sizeof *peer);
    bool found = false;
    if (data.text && peer) {
        peer->connection = connection;
        peer->deadline = deadline;
        found = talk(peer, &data, mark, arena, ret_text);
    }
    *count += data.count;
    free(peer);
    free(data.text);
    return found;
}

static int listen_at(const struct addrinfo *place)
{
    int on = 1;
    int descriptor = socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, place->ai_addr, place->ai_addrlen) == 0 && listen(descriptor, 16) == 0)
        return descriptor;
    int why = errno;
    close(descriptor);
    errno = why;
    return -1;
}

bool sink_open(const char *address, long port, struct sink **ret_sink, struct error *error)
{
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM};
    struct addrinfo *place;
    char service[24];
    snprintf(service, sizeof service, "%ld", port);
    if (getaddrinfo(address, service, &wanted, &place) != 0)
        return error_set(error, "--sink: \"%s\" is no address of this host", address);
    int listening = listen_at(place);
    int why = errno;
    freeaddrinfo(place);
    struct sink *sink = listening < 0 ? NULL : malloc(sizeof *sink);
    if (!sink) {
        if (listening >= 0)
            close(listening);
        return error_set(error, "--sink: cannot listen at %s port %ld: %s", address, port,
                         strerror(why));
    }
    *sink = (struct sink){.listening = listening};
    *ret_sink = sink;
    return true;
}

void sink_close(struct sink *sink)
{
    if (!sink)
        return;
    close(sink->listening);
    free(sink);
}

/* The next connection, if one comes within so long. */
static bool serve_next(struct sink *sink, const char *mark, int64_t deadline, int64_t within,
                       struct arena *arena, struct bytes *ret_text)
{
    if (!is_ready(sink->listening, POLLIN, deadline, within))
        return false;
    int connection = accept4(sink->listening, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return false;
    sink->connections++;
    bool found = sink_serve(connection, mark, deadline, arena, ret_text, &sink->count);
    close(connection);
    return found;
}

bool sink_wait(struct sink *sink, const char *mark, int expected, long seconds, struct arena *arena,
               struct bytes *ret_text, struct error *error)
{
    int64_t deadline = milliseconds() + (int64_t)seconds * 1000;
    bool found = false;
    while ((!found || sink->count < expected) && !interrupted() && milliseconds() < deadline) {
        if (serve_next(sink, mark, deadline, LOOK_UP_MAX, arena, ret_text)) {
            found = true;
            deadline = shortened(deadline);
        }
    }
    return found || error_set(error,
                              "the message did not reach the sink in %ld s: %d connections came; "
                              "does the server send what is for this recipient there?",
                              seconds, sink->connections);
}

int sink_drain(struct sink *sink, int expected, struct arena *arena)
{
    int64_t deadline = shortened(INT64_MAX);
    struct bytes text;
    while (sink->count < expected && milliseconds() < deadline)
        (void)serve_next(sink, "", deadline, LOOK_UP_MAX, arena, &text);
    return expected - sink->count;
}
