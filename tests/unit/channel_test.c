/* What two daemons say to each other while one follows the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last_words_of_who_did_not_listen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
