#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/current.h"

static struct snapshot *load(void)
{
    char path[] = "/tmp/submilter-current-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "domains = [\"example.com\"]; socket = \"unix:/nowhere/socket\"; user = \"root\";\n"
                "dkim: { keys = \"/nowhere/keys\"; };\n");
    close(fd);
    struct snapshot *snapshot = NULL;
    struct error error = {""};
    bool loaded = snapshot_load(path, NULL, &snapshot, &error);
    unlink(path);
    if (!loaded)
        fail_msg("%s", error.text);
    return snapshot;
}

/* A message that ends gives its reference back in a callback, where nothing is to be freed. */
static void the_one_before_stays_until_it_is_cleared(void **state)
{
    (void)state;
    struct snapshot *first = load();
    current_replace(first);
    assert_false(current_clear());
    struct snapshot *message = current_snapshot();
    assert_ptr_equal(message, first);
    current_replace(load());
    assert_true(current_clear());
    struct snapshot *other_message = current_snapshot();
    assert_ptr_not_equal(other_message, first);
    current_replace(load());
    assert_true(current_clear());
    snapshot_unref(message);
    assert_true(snapshot_is_left(first)); /* still there, and nobody's but the main thread's */
    assert_true(current_clear());         /* the second is left */
    snapshot_unref(other_message);
    assert_false(current_clear());
    current_replace(NULL);
    assert_null(current_snapshot());
    assert_false(current_clear());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_before_stays_until_it_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
