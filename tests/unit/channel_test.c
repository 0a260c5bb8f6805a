/* What two daemons say to each other while one follows the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/channel.h"

static void test_last_words_of_who_did_not_listen(void **state)
{
    (void)state;
    struct error error;
    char text[CHANNEL_TEXT];
    int ends[2];
    assert_true(channel_pair(ends, &error));
    assert_true(channel_send(ends[0], -1, "offer", &error));
    assert_true(channel_send(ends[1], -1, "exec 002", &error));
    close(ends[1]);
    assert_true(channel_receive(ends[0], 0, text, NULL, &error));
    assert_string_equal(text, "exec 002");
    assert_false(channel_receive(ends[0], 0, text, NULL, &error));
    assert_string_equal(error.text, "the other process has ended");
    close(ends[0]);
}

#define MOST 3

static void send_descriptors(int channel, size_t count)
{
    int passed[MOST] = {0};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof passed)];
    } ancillary = {0};
    char text[] = "offer";
    struct iovec data = {.iov_base = text, .iov_len = 5};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = CMSG_SPACE(count * sizeof *passed)};
    ancillary.header.cmsg_level = SOL_SOCKET;
    ancillary.header.cmsg_type = SCM_RIGHTS;
    ancillary.header.cmsg_len = CMSG_LEN(count * sizeof *passed);
    memcpy(CMSG_DATA(&ancillary.header), passed, count * sizeof *passed);
    assert_int_equal(sendmsg(channel, &message, 0), 5);
}

static int lowest_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

static void test_more_descriptors_than_one(void **state)
{
    (void)state;
    struct error error;
    char text[CHANNEL_TEXT];
    int ends[2];
    assert_true(channel_pair(ends, &error));
    int before = lowest_free();
    for (size_t count = 1; count <= MOST; count++) {
        int passed;
        send_descriptors(ends[0], count);
        assert_true(channel_receive(ends[1], 0, text, &passed, &error));
        assert_int_equal(passed, count == 1 ? before : -1);
        if (passed >= 0)
            close(passed);
        assert_int_equal(lowest_free(), before);
    }
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_words_of_who_did_not_listen),
        cmocka_unit_test(test_more_descriptors_than_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
