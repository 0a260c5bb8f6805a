/* A session's bytes below libmilter: whatever an MTA's pieces and libmilter's reads and writes are,
 * both get the other's bytes, all of them and in order.
 *
 * An input is a row of steps, each a byte and, where it is one of somebody who says something, a
 * piece. */
#include "milter/stream.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define SAID_MAX ((size_t)30000) /* by one side: a socket takes that without somebody who reads */

struct side {
    char bytes[SAID_MAX];
    size_t len, read;
};

struct session {
    int ours, theirs;
    struct stream *stream;
    struct side mta, milter; /* what each has said, and how much of it the other has got */
    bool closed;             /* the MTA says no more */
    bool ends_in_edit;
};

static bool note(struct side *side, struct bytes said)
{
    if (said.len > SAID_MAX - side->len)
        return false;
    if (said.len)
        memcpy(side->bytes + side->len, said.data, said.len);
    side->len += said.len;
    return true;
}

static void check_came(struct side *side, const char *what, const char *bytes, size_t len)
{
    if (len > side->len - side->read || memcmp(side->bytes + side->read, bytes, len) != 0)
        fuzz_fail("%s: other bytes than were said", what);
    side->read += len;
}

static void mta_says(struct session *session, struct bytes piece)
{
    if (session->closed || !piece.len || !note(&session->mta, piece))
        return;
    if (write(session->theirs, piece.data, piece.len) != (ssize_t)piece.len)
        abort();
}

/* As libmilter does: it asks first, and reads no more than it wants. */
static void milter_reads(struct session *session, size_t wanted)
{
    char buffer[256];
    struct pollfd fd = {.fd = session->ours, .events = POLLIN};
    bool there = session->mta.read < session->mta.len || session->closed;
    int ready = stream_poll(session->stream, &fd, 0);
    if ((ready == 1) != there)
        fuzz_fail("ready is %d, and %zu bytes wait", ready, session->mta.len - session->mta.read);
    if (ready != 1 || !wanted)
        return;
    ssize_t got = stream_read(session->stream, buffer, wanted);
    if (got < 0 || (got == 0 && session->mta.read < session->mta.len) || (size_t)got > wanted)
        fuzz_fail("%zd bytes read of %zu", got, wanted);
    check_came(&session->mta, "read", buffer, (size_t)got);
}

/* A packet: its length and command, and its data. */
static void milter_writes(struct session *session, char command, struct bytes data)
{
    char head[5] = {0, 0, (char)((data.len + 1) >> 8), (char)(data.len + 1), command};
    struct iovec parts[] = {{head, sizeof head}, {(void *)(uintptr_t)data.data, data.len}};
    struct pollfd fd = {.fd = session->ours, .events = POLLOUT};
    if (sizeof head + data.len > SAID_MAX - session->milter.len ||
        !note(&session->milter, (struct bytes){head, sizeof head}) || !note(&session->milter, data))
        return;
    if (stream_poll(session->stream, &fd, 1000) != 1)
        fuzz_fail("not ready for writing");
    ssize_t sent = stream_write(session->stream, parts, data.len ? 2 : 1);
    if (sent != (ssize_t)(sizeof head + data.len))
        fuzz_fail("%zd bytes written of %zu", sent, sizeof head + data.len);
    session->ends_in_edit = strchr("+-2ehimq", command) && command;
}

static void mta_reads(struct session *session)
{
    char buffer[4096];
    ssize_t got;
    while ((got = recv(session->theirs, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
        check_came(&session->milter, "written", buffer, (size_t)got);
    if (!session->ends_in_edit && session->milter.read != session->milter.len)
        fuzz_fail("%zu bytes did not come", session->milter.len - session->milter.read);
}

static bool step(struct session *session, struct bytes *rest)
{
    if (!rest->len)
        return false;
    unsigned what = fuzz_take_byte(rest);
    switch (what % 5) {
    case 0:
        mta_says(session, fuzz_take_piece(rest));
        break;
    case 1:
        milter_reads(session, fuzz_take_byte(rest));
        break;
    case 2:
        milter_writes(session, (char)fuzz_take_byte(rest), fuzz_take_piece(rest));
        break;
    case 3:
        mta_reads(session);
        break;
    default:
        session->closed = session->closed || what > 0xF0;
        if (session->closed)
            shutdown(session->theirs, SHUT_WR);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct session session;
    int ends[2];
    struct bytes rest = fuzz_bytes(data, size);
    session = (struct session){.ours = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    session.ours = ends[0];
    session.theirs = ends[1];
    session.stream = stream_new(ends[0], poll);
    if (!session.stream)
        abort();
    while (step(&session, &rest))
        continue;
    milter_writes(&session, 'c', (struct bytes){NULL, 0});
    mta_reads(&session);
    stream_free(session.stream);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
