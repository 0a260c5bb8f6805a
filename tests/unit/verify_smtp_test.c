/* The client's and the sink's side of SMTP in `submilterctl verify`. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/verify/sink.h"
#include "ctl/verify/smtp_reply.h"

/* Fed in pieces of so many bytes, each in memory of its own size. */
static enum smtp_reply_state feed(const char *text, size_t step, struct smtp_reply *ret_reply,
                                  size_t *ret_taken)
{
    static struct smtp_reply_reader reader;
    enum smtp_reply_state state = SMTP_REPLY_MORE;
    size_t len = strlen(text);
    smtp_reply_start(&reader);
    *ret_taken = 0;
    for (size_t at = 0; at < len && state == SMTP_REPLY_MORE; at += step) {
        size_t size = len - at < step ? len - at : step, taken;
        char *exact = malloc(size);
        memcpy(exact, text + at, size);
        state = smtp_reply_feed(&reader, (struct bytes){exact, size}, &taken);
        *ret_taken += taken;
        free(exact);
    }
    *ret_reply = reader.reply;
    return state;
}

static void replies_are_put_together(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum smtp_reply_state state;
        int code;
        const char *shown;
    } cases[] = {
        {"250 ok\r\n", SMTP_REPLY_WHOLE, 250, "250 ok"},
        {"250 ok\n", SMTP_REPLY_WHOLE, 250, "250 ok"},
        {"250\r\n", SMTP_REPLY_WHOLE, 250, "250"},
        {"550-5.7.1 no\r\n550 5.7.1 way\r\n", SMTP_REPLY_WHOLE, 550, "550 5.7.1 no 5.7.1 way"},
        {"354 \x1b[2J\xc3\xa4\r\n", SMTP_REPLY_WHOLE, 354, "354 \\x1b[2J\\xc3\\xa4"},
        {"250-ok\r\n", SMTP_REPLY_MORE, 250, "250 ok"},
        {"250 ok", SMTP_REPLY_MORE, 0, ""},
        {"250-ok\r\n251 other\r\n", SMTP_REPLY_GARBAGE, 250, NULL},
        {"hello\r\n", SMTP_REPLY_GARBAGE, 0, NULL},
        {"150 early\r\n", SMTP_REPLY_GARBAGE, 0, NULL},
        {"650 late\r\n", SMTP_REPLY_GARBAGE, 0, NULL},
        {"2500 long\r\n", SMTP_REPLY_GARBAGE, 0, NULL},
        {"\r\n", SMTP_REPLY_GARBAGE, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 40; step += 6) {
            struct smtp_reply reply;
            size_t taken;
            assert_int_equal(feed(cases[i].text, step, &reply, &taken), cases[i].state);
            if (cases[i].shown) {
                assert_int_equal(reply.code, cases[i].code);
                assert_string_equal(reply.text, cases[i].shown);
                assert_int_equal(taken, strlen(cases[i].text));
            }
        }
}

static void what_comes_behind_a_reply_is_left(void **state)
{
    (void)state;
    struct smtp_reply reply;
    size_t taken;
    assert_int_equal(feed("250 ok\r\n250 more\r\n", 100, &reply, &taken), SMTP_REPLY_WHOLE);
    assert_int_equal(taken, 8);
    assert_string_equal(reply.text, "250 ok");
}

static void long_replies_are_cut(void **state)
{
    (void)state;
    char text[8000];
    struct smtp_reply reply;
    size_t taken;
    snprintf(text, sizeof text, "550 %05000d\r\n", 1);
    assert_int_equal(feed(text, 7, &reply, &taken), SMTP_REPLY_WHOLE);
    assert_int_equal(taken, strlen(text));
    assert_int_equal(reply.code, 550);
    assert_true(strlen(reply.text) < sizeof reply.text);
    for (size_t i = 0; i < 1000; i++)
        snprintf(text + i * 7, 8, i < 999 ? "550-\x01\r\n" : "550 \x01\r\n");
    assert_int_equal(feed(text, 13, &reply, &taken), SMTP_REPLY_WHOLE);
    assert_true(strlen(reply.text) < sizeof reply.text);
}

static void endless_replies_are_none(void **state)
{
    (void)state;
    static const char *const pieces[] = {"250-more\r\n", "no end "};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct smtp_reply_reader reader;
        enum smtp_reply_state result = SMTP_REPLY_MORE;
        size_t fed = 0, taken = 0;
        smtp_reply_start(&reader);
        while (result == SMTP_REPLY_MORE && fed <= 2 * SMTP_REPLY_SIZE_MAX) {
            result = smtp_reply_feed(&reader, bytes_of(pieces[i]), &taken);
            fed += taken;
        }
        assert_int_equal(result, SMTP_REPLY_GARBAGE);
        assert_int_equal(fed, SMTP_REPLY_SIZE_MAX + 1);
    }
}

static struct smtp_reply reply_of(const char *text)
{
    struct smtp_reply reply = {.code = atoi(text)};
    snprintf(reply.text, sizeof reply.text, "%s", text);
    return reply;
}

static void marks_are_submilters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *mark, *status;
    } cases[] = {
        {"550 5.7.1 no [from.not-owned 01M7Y24H2Z7118B7JA1DT2AK27]", "from.not-owned", "5.7.1"},
        {"554 5.6.0 no [header_once.field 01M7]", "header_once.field", "5.6.0"},
        {"550 5.7.1 client [192.0.2.1]", "", "5.7.1"},
        {"550 5.7.1 [from.not-owned 01M7] later", "", "5.7.1"},
        {"550 5.7.1 [from.not-owned ]", "", "5.7.1"},
        {"550 5.7.1 [from.not-owned 01 M7]", "", "5.7.1"},
        {"550 5.7.1 [from 01M7]", "", "5.7.1"},
        {"550 5.7.1 [From.x 01M7]", "", "5.7.1"},
        {"550 no [", "", ""},
        {"550", "", ""},
        {"550 ", "", ""},
        {"550 5.7 no", "", ""},
        {"550 5.7.1", "", "5.7.1"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct smtp_reply reply = reply_of(cases[i].text);
        assert_true(bytes_equal(smtp_reply_mark(&reply), bytes_of(cases[i].mark)));
        assert_true(bytes_equal(smtp_reply_status(&reply), bytes_of(cases[i].status)));
    }
}

static int came; /* messages, at the last sink_serve */

/* What the sink says to what an MTA sends in one go, and the message that it keeps. */
static bool serve(const char *input, size_t len, struct arena *arena, struct bytes *ret_text,
                  char *said, size_t size)
{
    int ends[2];
    came = 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[0], input, len), (ssize_t)len);
    shutdown(ends[0], SHUT_WR);
    bool taken =
        sink_serve(ends[1], "MARK", ((int64_t)now.tv_sec + 60) * 1000, arena, ret_text, &came);
    close(ends[1]);
    size_t got = 0;
    ssize_t more;
    while (got + 1 < size && (more = read(ends[0], said + got, size - 1 - got)) > 0)
        got += (size_t)more;
    said[got] = '\0';
    close(ends[0]);
    return taken;
}

#define ENVELOPE "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n"

static void the_sink_takes_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *sent, *kept; /* kept: NULL where no message with the mark came */
    } cases[] = {
        {ENVELOPE "A: b\r\n\r\nMARK\r\n.\r\nQUIT\r\n", "A: b\r\n\r\nMARK\r\n"},
        {"ehlo a\r\nmail from:<>\r\ndata\r\nMARK\r\n.\r\n", "MARK\r\n"},
        {ENVELOPE "..\r\n..a\r\n.b\r\n\r\nMARK\r\n.\r\n", ".\r\n.a\r\nb\r\n\r\nMARK\r\n"},
        {ENVELOPE "MARK\n.\nstill\r\n.\r\n", "MARK\n.\nstill\r\n"},
        {ENVELOPE "a\r\n\n.\r\r\nMARK\r\n.\r\n", "a\r\n\n.\r\r\nMARK\r\n"},
        {ENVELOPE "other\r\n.\r\n" ENVELOPE "MARK\r\n.\r\n", "MARK\r\n"},
        {ENVELOPE "MARK\r\n.\r\n" ENVELOPE "other\r\n.\r\nQUIT\r\n", "MARK\r\n"},
        {ENVELOPE "other\r\n.\r\nQUIT\r\n", NULL},
        {ENVELOPE "MARK\r\n", NULL},
        {ENVELOPE "MARK\r\n.", NULL},
        {ENVELOPE "MARK\r\n.\n", NULL},
        {"EHLO MARK\r\nQUIT\r\n", NULL},
        {"DATABASE\r\nMARK\r\n.\r\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new((size_t)4 << 20);
        struct bytes text;
        char said[2000];
        bool taken = serve(cases[i].sent, strlen(cases[i].sent), arena, &text, said, sizeof said);
        assert_int_equal(taken, cases[i].kept != NULL);
        assert_int_equal(came, strstr(cases[i].sent, "other") && cases[i].kept
                                   ? 2
                                   : taken || strstr(cases[i].sent, "other"));
        if (taken) {
            assert_true(bytes_equal(text, bytes_of(cases[i].kept)));
            assert_non_null(strstr(said, "250 2.0.0 taken\r\n"));
        }
        assert_int_equal(memcmp(said, "220 ", 4), 0);
        arena_free(arena);
    }
}

/* A port of 127.0.0.1 that nobody has. */
static struct sockaddr_in free_place(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof place;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&place, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&place, &size), 0);
    close(probe);
    return place;
}

static void the_sink_takes_the_others_in_too(void **state)
{
    (void)state;
    static const char *const sent[] = {ENVELOPE "MARK\r\n.\r\nQUIT\r\n",
                                       ENVELOPE "other\r\n.\r\nQUIT\r\n"};
    struct arena *arena = arena_new((size_t)4 << 20);
    struct sockaddr_in place = free_place();
    struct sink *sink;
    struct error error;
    struct bytes text;
    int clients[2];
    char said[2000];
    assert_true(sink_open("127.0.0.1", ntohs(place.sin_port), &sink, &error));
    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&place, sizeof place), 0);
        assert_int_equal(write(clients[i], sent[i], strlen(sent[i])), (ssize_t)strlen(sent[i]));
    }
    assert_true(sink_wait(sink, "MARK", 2, 60, arena, &text, &error));
    assert_true(bytes_equal(text, BYTES("MARK\r\n")));
    sink_close(sink);
    for (int i = 0; i < 2; i++) {
        size_t len = 0;
        ssize_t more;
        while ((more = read(clients[i], said + len, sizeof said - 1 - len)) > 0)
            len += (size_t)more;
        said[len] = '\0';
        assert_non_null(strstr(said, "250 2.0.0 taken\r\n"));
        close(clients[i]);
    }
    arena_free(arena);
}

static void the_sink_has_its_bounds(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)4 << 20);
    struct bytes text;
    char said[2000], *line = malloc(100000);
    memset(line, 'x', 100000);
    assert_false(serve(line, 100000, arena, &text, said, sizeof said));
    free(line);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_put_together),
        cmocka_unit_test(what_comes_behind_a_reply_is_left),
        cmocka_unit_test(long_replies_are_cut),
        cmocka_unit_test(endless_replies_are_none),
        cmocka_unit_test(marks_are_submilters),
        cmocka_unit_test(the_sink_takes_a_message),
        cmocka_unit_test(the_sink_has_its_bounds),
        cmocka_unit_test(the_sink_takes_the_others_in_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
