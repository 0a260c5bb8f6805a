/* Sockets, buffers and packets. */
#include "tests/bench/load/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Postfix's VSTREAM_BUFSIZE. Over TCP it takes four times what a segment holds (vstream_tweak_tcp),
 * so that Nagle's algorithm never meets half a segment. */
#define BUFFER_SIZE 4096
#define PACKET_MAX ((size_t)1 << 20)
#define HEAD_SIZE 5

static bool failed(struct error *error, const char *what)
{
    return error_set(error, "%s: %s", what, strerror(errno));
}

static bool connect_to(struct wire *wire, const struct sockaddr *address, socklen_t len,
                       const char *name, struct error *error)
{
    wire->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return failed(error, "socket");
    while (connect(wire->fd, address, len) < 0)
        if (errno != EINTR)
            return failed(error, name);
    return true;
}

static bool open_unix(struct wire *wire, const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, "%s: a socket's path has %zu bytes at most", path,
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_to(wire, (const struct sockaddr *)&address, sizeof address, path, error);
}

static bool open_inet(struct wire *wire, const char *text, struct error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*end != '@' || port == 0 || port > UINT16_MAX ||
        inet_pton(AF_INET, end + 1, &address.sin_addr) != 1)
        return error_set(error, "inet:%s: write inet:PORT@ADDRESS, like inet:8891@127.0.0.1", text);
    address.sin_port = htons((uint16_t)port);
    if (!connect_to(wire, (const struct sockaddr *)&address, sizeof address, text, error))
        return false;
    int segment = 0;
    socklen_t len = sizeof segment;
    if (getsockopt(wire->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, &len) == 0 &&
        segment > BUFFER_SIZE / 4)
        wire->out_room = (size_t)segment * 4;
    return true;
}

bool wire_open(struct wire *wire, const char *address, struct error *error)
{
    *wire = (struct wire){.fd = -1, .out_room = BUFFER_SIZE, .in_room = BUFFER_SIZE};
    bool opened = false;
    if (strncmp(address, "unix:", 5) == 0)
        opened = open_unix(wire, address + 5, error);
    else if (strncmp(address, "inet:", 5) == 0)
        opened = open_inet(wire, address + 5, error);
    else
        error_set(error, "%s: write unix:/PATH or inet:PORT@ADDRESS", address);
    if (!opened)
        return false;
    wire->out = malloc(wire->out_room);
    wire->in = malloc(wire->in_room);
    return (wire->out && wire->in) || error_set(error, "out of memory");
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire->out);
    free(wire->in);
    *wire = (struct wire){.fd = -1};
}

/* Postfix waits by poll() before each write and each read. It matters: who sleeps within read() on
 * a unix socket is woken for nothing as often as the milter reads. */
static bool wait_for(const struct wire *wire, short events)
{
    struct pollfd fd = {.fd = wire->fd, .events = events};
    return poll(&fd, 1, -1) > 0;
}

static ssize_t send_some(const struct wire *wire, const char *data, size_t len)
{
    return wait_for(wire, POLLOUT) ? send(wire->fd, data, len, MSG_NOSIGNAL) : -1;
}

static ssize_t read_some(const struct wire *wire, char *buffer, size_t room)
{
    return wait_for(wire, POLLIN) ? read(wire->fd, buffer, room) : -1;
}

bool wire_flush(struct wire *wire, struct error *error)
{
    size_t sent = 0;
    while (sent < wire->out_len) {
        ssize_t now = send_some(wire, wire->out + sent, wire->out_len - sent);
        if (now < 0 && errno != EINTR)
            return failed(error, "the milter takes no more");
        sent += now > 0 ? (size_t)now : 0;
    }
    wire->out_len = 0;
    return true;
}

bool wire_bytes(struct wire *wire, struct bytes bytes, struct error *error)
{
    while (bytes.len) {
        size_t part = wire->out_room - wire->out_len;
        part = part < bytes.len ? part : bytes.len;
        memcpy(wire->out + wire->out_len, bytes.data, part);
        wire->out_len += part;
        bytes = bytes_slice(bytes, part, bytes.len);
        if (bytes.len && !wire_flush(wire, error))
            return false;
    }
    return true;
}

bool wire_number(struct wire *wire, uint32_t number, struct error *error)
{
    uint32_t ordered = htonl(number);
    char data[sizeof ordered];
    memcpy(data, &ordered, sizeof data);
    return wire_bytes(wire, (struct bytes){data, sizeof data}, error);
}

bool wire_begin(struct wire *wire, char command, size_t len, struct error *error)
{
    return wire_number(wire, (uint32_t)len + 1, error) &&
           wire_bytes(wire, (struct bytes){&command, 1}, error);
}

uint32_t wire_number_at(const char *data)
{
    uint32_t number;
    memcpy(&number, data, sizeof number);
    return ntohl(number);
}

/* Reads on until so many bytes are there, together. */
static bool fill(struct wire *wire, size_t wanted, struct error *error)
{
    size_t kept = wire->in_to - wire->in_from;
    if (kept < wanted && wire->in_from) {
        memmove(wire->in, wire->in + wire->in_from, kept);
        wire->in_from = 0;
        wire->in_to = kept;
    }
    if (wanted > wire->in_room) {
        char *larger = realloc(wire->in, wanted);
        if (!larger)
            return error_set(error, "out of memory");
        wire->in = larger;
        wire->in_room = wanted;
    }
    while (wire->in_to - wire->in_from < wanted) {
        ssize_t now = read_some(wire, wire->in + wire->in_to, wire->in_room - wire->in_to);
        if (now == 0)
            return error_set(error, "the milter closed the connection");
        if (now < 0 && errno != EINTR)
            return failed(error, "no reply");
        wire->in_to += now > 0 ? (size_t)now : 0;
    }
    return true;
}

bool wire_read(struct wire *wire, struct packet *ret_packet, struct error *error)
{
    if (!wire_flush(wire, error) || !fill(wire, HEAD_SIZE, error))
        return false;
    size_t len = wire_number_at(wire->in + wire->in_from);
    if (len < 1 || len > PACKET_MAX)
        return error_set(error, "a packet of %zu bytes came", len);
    if (!fill(wire, HEAD_SIZE - 1 + len, error))
        return false;
    const char *packet = wire->in + wire->in_from;
    *ret_packet = (struct packet){packet[HEAD_SIZE - 1], {packet + HEAD_SIZE, len - 1}};
    wire->in_from += HEAD_SIZE - 1 + len;
    return true;
}
