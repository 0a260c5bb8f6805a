/* The same bytes in the same order as without it, with fewer calls; who waits waits no longer. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/stream.h"

#define LARGE ((size_t)200 * 1000)

static struct stream *stream;
static int ours, theirs;
static int polls;

static int counted_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    polls++;
    return poll(fds, count, milliseconds);
}

static int begin(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ours = pair[0];
    theirs = pair[1];
    polls = 0;
    stream = stream_new(ours, counted_poll);
    assert_non_null(stream);
    return 0;
}

static int begin_polled(void **state)
{
    struct pollfd fd = {.fd = -1, .events = POLLIN};
    begin(state);
    assert_int_equal(stream_poll(stream, &fd, 0), 0);
    polls = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    stream_free(stream);
    close(ours);
    if (theirs >= 0)
        close(theirs);
    return 0;
}

static void comes(const char *bytes)
{
    assert_int_equal(write(theirs, bytes, strlen(bytes)), strlen(bytes));
}

static void hang_up(void)
{
    close(theirs);
    theirs = -1;
}

static int asked(short events, int milliseconds, short *ret_events)
{
    struct pollfd fd = {.fd = ours, .events = events};
    int ready = stream_poll(stream, &fd, milliseconds);
    *ret_events = fd.revents;
    return ready;
}

static void assert_readable(void)
{
    short events;
    assert_int_equal(asked(POLLIN | POLLPRI, 1000, &events), 1);
    assert_int_equal(events, POLLIN);
}

static void assert_silent(void)
{
    short events;
    assert_int_equal(asked(POLLIN | POLLPRI, 0, &events), 0);
    assert_int_equal(events, 0);
}

static void assert_read(size_t len, const char *expected)
{
    char got[64];
    assert_true(len <= sizeof got);
    assert_int_equal(stream_read(stream, got, len), strlen(expected));
    assert_memory_equal(got, expected, strlen(expected));
}

static void what_came_is_read_at_once_and_given_bit_by_bit(void **state)
{
    (void)state;
    comes("0");
    assert_read(1, "0");
    comes("12345abcdefgh6789");
    for (int again = 0; again < 2; again++)
        assert_readable();
    assert_read(5, "12345");
    assert_readable();
    assert_read(8, "abcdefgh");
    assert_readable();
    assert_int_equal(polls, 1);
    assert_read(5, "6789");
    assert_silent();
}

static void what_is_asked_for_comes_before_what_comes_later(void **state)
{
    (void)state;
    comes("abc");
    assert_read(2, "ab");
    comes("def");
    assert_read(9, "c");
    assert_readable();
    assert_read(9, "def");
    assert_silent();
}

static void the_end_comes_after_what_came_before_it(void **state)
{
    (void)state;
    short events;
    comes("abc");
    assert_read(1, "a");
    hang_up();
    assert_readable();
    assert_read(9, "bc");
    assert_int_equal(asked(POLLIN, 1000, &events), 1);
    assert_true(events & POLLHUP);
    assert_read(9, "");
}

static void a_broken_connection_is_told(void **state)
{
    (void)state;
    char byte;
    int number;
    comes("abc");
    assert_int_equal(read(ours, &byte, 1), 1);
    /* A unix socket is reset where its end is closed with something unread in it. */
    assert_int_equal(write(ours, "x", 1), 1);
    hang_up();
    assert_read(2, "bc");
    assert_int_equal(stream_read(stream, &number, sizeof number), -1);
    assert_int_equal(errno, ECONNRESET);
}

struct flow {
    int fd;
    unsigned char *bytes;
};

static void *writes_large(void *of)
{
    struct flow *flow = of;
    for (size_t at = 0; at < LARGE;) {
        size_t part = 1 + at * 7919 % 9000;
        ssize_t wrote = write(flow->fd, flow->bytes + at, part > LARGE - at ? LARGE - at : part);
        if (wrote <= 0)
            abort();
        at += (size_t)wrote;
    }
    return NULL;
}

static void *reads_large(void *of)
{
    struct flow *flow = of;
    for (size_t at = 0; at < LARGE;) {
        ssize_t got = read(flow->fd, flow->bytes + at, LARGE - at);
        if (got <= 0)
            abort();
        at += (size_t)got;
    }
    return NULL;
}

static unsigned char *some_bytes(void)
{
    unsigned char *bytes = malloc(LARGE);
    assert_non_null(bytes);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (unsigned char)(i * i >> 7);
    return bytes;
}

static void reads_of_any_size_give_all_that_was_sent(void **state)
{
    (void)state;
    struct flow flow = {theirs, some_bytes()};
    unsigned char *got = malloc(LARGE);
    pthread_t writer;
    assert_non_null(got);
    assert_int_equal(pthread_create(&writer, NULL, writes_large, &flow), 0);
    for (size_t at = 0; at < LARGE;) {
        size_t part = 1 + at * 104729 % 20000;
        assert_readable();
        ssize_t len = stream_read(stream, got + at, part > LARGE - at ? LARGE - at : part);
        assert_true(len > 0);
        at += (size_t)len;
    }
    pthread_join(writer, NULL);
    assert_memory_equal(got, flow.bytes, LARGE);
    assert_silent();
    free(got);
    free(flow.bytes);
}

/* A packet as libmilter writes it: length and command, then what goes with it. */
static ssize_t answers(char command, const char *text, size_t len)
{
    uint32_t size = (uint32_t)len + 1;
    char head[5] = {(char)(size >> 24), (char)(size >> 16), (char)(size >> 8), (char)size, command};
    short events;
    assert_int_equal(asked(POLLOUT, 1000, &events), 1);
    assert_int_equal(events, POLLOUT);
    return stream_write(stream,
                        (struct iovec[]){{head, sizeof head}, {(char *)(uintptr_t)text, len}}, 2);
}

static size_t waiting_there(char *got, size_t size)
{
    ssize_t len = recv(theirs, got, size, MSG_DONTWAIT);
    return len < 0 ? 0 : (size_t)len;
}

static void edits_go_out_with_the_reply_in_their_order(void **state)
{
    (void)state;
    char got[64];
    assert_int_equal(answers('h', "A\0b", 4), 9);
    assert_int_equal(answers('m', "C\0d", 4), 9);
    assert_int_equal(waiting_there(got, sizeof got), 0);
    assert_int_equal(answers('c', NULL, 0), 5);
    assert_int_equal(waiting_there(got, sizeof got), 23);
    assert_memory_equal(got, "\0\0\0\5hA\0b\0\0\0\0\5mC\0d\0\0\0\0\1c", 23);
    assert_int_equal(answers('c', NULL, 0), 5);
    assert_int_equal(waiting_there(got, sizeof got), 5);
}

static void progress_is_not_held_back(void **state)
{
    (void)state;
    char got[64];
    assert_int_equal(answers('h', "A\0b", 4), 9);
    assert_int_equal(answers('p', NULL, 0), 5);
    assert_int_equal(waiting_there(got, sizeof got), 14);
}

static void edits_beyond_what_is_held_go_out_in_their_order(void **state)
{
    (void)state;
    char text[3000], got[32];
    memset(text, 'x', sizeof text);
    struct flow flow = {theirs, malloc(LARGE)};
    assert_non_null(flow.bytes);
    size_t at = 0;
    for (int i = 0; i < 20; i++) {
        text[0] = (char)('a' + i);
        assert_int_equal(answers('h', text, sizeof text), sizeof text + 5);
        at += waiting_there((char *)flow.bytes + at, LARGE - at);
    }
    assert_int_equal(answers('a', NULL, 0), 5);
    at += waiting_there((char *)flow.bytes + at, LARGE - at);
    assert_int_equal(at, 20 * (sizeof text + 5) + 5);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(flow.bytes[i * (sizeof text + 5) + 5], 'a' + i);
    assert_int_equal(waiting_there(got, sizeof got), 0);
    free(flow.bytes);
}

static void all_is_written_to_one_who_reads_slowly(void **state)
{
    (void)state;
    unsigned char *sent = some_bytes();
    struct flow flow = {theirs, malloc(LARGE)};
    pthread_t reader;
    assert_non_null(flow.bytes);
    int small = 4096;
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    assert_int_equal(answers('h', "A\0b", 4), 9);
    assert_int_equal(pthread_create(&reader, NULL, reads_large, &flow), 0);
    assert_int_equal(answers('y', (char *)sent, LARGE - 14), LARGE - 9);
    pthread_join(reader, NULL);
    assert_memory_equal(flow.bytes + 14, sent, LARGE - 14);
    free(sent);
    free(flow.bytes);
}

static void one_who_never_reads_is_not_waited_for_longer_than_was_asked(void **state)
{
    (void)state;
    unsigned char *sent = some_bytes();
    short events;
    int small = 4096;
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    assert_int_equal(answers('c', NULL, 0), 5);
    assert_int_equal(asked(POLLOUT, 10, &events), 1);
    struct iovec part = {sent, LARGE};
    assert_int_equal(stream_write(stream, &part, 1), -1);
    assert_int_equal(errno, ETIMEDOUT);
    free(sent);
}

static void one_who_is_gone_is_an_error_and_no_signal(void **state)
{
    (void)state;
    assert_int_equal(answers('c', NULL, 0), 5);
    hang_up();
    assert_int_equal(answers('h', "A\0b", 4), 9);
    assert_int_equal(answers('c', NULL, 0), -1);
    assert_int_equal(errno, EPIPE);
}

/* Where libmilter's read() and writev() are not ours, poll() has to be the system's answer. */
static void nothing_is_answered_from_memory_where_only_poll_comes_here(void **state)
{
    (void)state;
    char byte;
    short events;
    comes("a");
    assert_readable();
    assert_int_equal(read(ours, &byte, 1), 1);
    assert_silent();
    hang_up();
    assert_int_equal(asked(POLLOUT, 0, &events), 1);
    assert_true(events & POLLHUP);
}

/* A libmilter that waits by select() would wait in vain for what was read ahead. */
static void nothing_is_kept_where_poll_does_not_come_here(void **state)
{
    (void)state;
    char byte, head[] = "\0\0\0\1h", got[16];
    struct iovec part = {head, 5};
    comes("12345abc");
    assert_read(5, "12345");
    assert_int_equal(recv(ours, &byte, 1, MSG_PEEK | MSG_DONTWAIT), 1);
    assert_read(9, "abc");
    assert_int_equal(stream_write(stream, &part, 1), 5);
    assert_int_equal(waiting_there(got, sizeof got), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_came_is_read_at_once_and_given_bit_by_bit,
                                        begin_polled, end),
        cmocka_unit_test_setup_teardown(what_is_asked_for_comes_before_what_comes_later,
                                        begin_polled, end),
        cmocka_unit_test_setup_teardown(the_end_comes_after_what_came_before_it, begin_polled, end),
        cmocka_unit_test_setup_teardown(a_broken_connection_is_told, begin_polled, end),
        cmocka_unit_test_setup_teardown(reads_of_any_size_give_all_that_was_sent, begin_polled,
                                        end),
        cmocka_unit_test_setup_teardown(edits_go_out_with_the_reply_in_their_order, begin_polled,
                                        end),
        cmocka_unit_test_setup_teardown(progress_is_not_held_back, begin_polled, end),
        cmocka_unit_test_setup_teardown(edits_beyond_what_is_held_go_out_in_their_order,
                                        begin_polled, end),
        cmocka_unit_test_setup_teardown(all_is_written_to_one_who_reads_slowly, begin_polled, end),
        cmocka_unit_test_setup_teardown(one_who_never_reads_is_not_waited_for_longer_than_was_asked,
                                        begin_polled, end),
        cmocka_unit_test_setup_teardown(one_who_is_gone_is_an_error_and_no_signal, begin_polled,
                                        end),
        cmocka_unit_test_setup_teardown(nothing_is_answered_from_memory_where_only_poll_comes_here,
                                        begin_polled, end),
        cmocka_unit_test_setup_teardown(nothing_is_kept_where_poll_does_not_come_here, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
