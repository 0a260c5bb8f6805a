/* As whom recipients are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gate/counters.h"

static void one_mailbox_is_one_recipient(void **state)
{
    (void)state;
    static const struct {
        const char *path, *remembered;
    } cases[] = {
        {"<bob@example.net>", "bob@example.net"},
        {"<bob@EXAMPLE.NET>", "bob@example.net"},
        {"<bob@example.net.>", "bob@example.net"},
        {"bob@example.net.", "bob@example.net"},
        {"<taro..y@DoCoMo.example>", "taro..y@docomo.example"},
        {"<\"a@b\"@Example.Net>", "\"a@b\"@example.net"},
        {"<bob@[192.0.2.1]>", "bob@[192.0.2.1]"},
        {"<bob@XN--53h.example>", "bob@☕.example"},
        {"<postmaster>", "postmaster"},
        {"<>", "<>"},
        {"<a b>", "<a b>"},
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes remembered = counters_rcpt(arena, bytes_of(cases[i].path));
        if (!bytes_equal(remembered, bytes_of(cases[i].remembered)))
            fail_msg("%s: %.*s", cases[i].path, (int)remembered.len, remembered.data);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_mailbox_is_one_recipient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
