/* Ids, queue ids and files, as people hand them on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/explain/asked.h"

#define ID "01JD3W8K7Q5N2M4P6R8T0V1X4Z"

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum asked_kind kind;
        const char *found;
    } cases[] = {
        {ID, ASKED_ID, ID},
        {"01jd3w8k7q5n2m4p6r8t0v1x4z", ASKED_ID, ID},
        {"[from.not-owned " ID "]", ASKED_ID, ID},
        {"550 5.7.1 a may not [from.not-owned " ID "]\n", ASKED_ID, ID},
        {"OlJD3W8K7Q5N2M4P6R8TOViX4Z", ASKED_ID, ID},
        {"/no/such/" ID ".json", ASKED_ID, ID},
        {"81JD3W8K7Q5N2M4P6R8T0V1X4Z", ASKED_QUEUE_ID, "81JD3W8K7Q5N2M4P6R8T0V1X4Z"},
        {"01JD3W8K7Q5N2M4P6R8T0V1X4U", ASKED_QUEUE_ID, "01JD3W8K7Q5N2M4P6R8T0V1X4U"}, /* no U */
        {ID "A", ASKED_QUEUE_ID, ID "A"},
        {"4XyZ7D1mBnz9sQ", ASKED_QUEUE_ID, "4XyZ7D1mBnz9sQ"},
        {"4XyZ7D1mBnz9sQ: ", ASKED_QUEUE_ID, "4XyZ7D1mBnz9sQ"},
        {" [4XyZ7D1mBnz9sQ]", ASKED_QUEUE_ID, "4XyZ7D1mBnz9sQ"},
        {"", ASKED_QUEUE_ID, ""},
        {"-", ASKED_FILE, "-"},
        {"/", ASKED_FILE, "/"},
        {"/no/such/file", ASKED_FILE, "/no/such/file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100];
        struct asked asked;
        snprintf(text, sizeof text, "%s", cases[i].text);
        asked_read(text, &asked);
        if (asked.kind != cases[i].kind)
            fail_msg("\"%s\": %d", cases[i].text, asked.kind);
        assert_string_equal(asked.kind == ASKED_ID ? asked.id : asked.text, cases[i].found);
    }
}

static void test_ids_in_a_text(void **state)
{
    (void)state;
    struct bytes text = BYTES("x " ID ", 02JD3W8K7Q5N2M4P6R8T0V1X4Z_" ID "\n");
    char id[DECISION_ID_LEN + 1];
    size_t end;
    assert_true(asked_find_id(text, id, &end));
    assert_string_equal(id, ID);
    text = bytes_slice(text, end, text.len);
    assert_true(asked_find_id(text, id, &end));
    assert_string_equal(id, "02JD3W8K7Q5N2M4P6R8T0V1X4Z");
    text = bytes_slice(text, end, text.len);
    assert_true(asked_find_id(text, id, &end));
    text = bytes_slice(text, end, text.len);
    assert_false(asked_find_id(text, id, &end));
    assert_int_equal(end, text.len);
    assert_false(asked_find_id((struct bytes){NULL, 0}, id, &end));
}

static void test_time(void **state)
{
    (void)state;
    static const uint8_t random[10] = {0};
    char id[DECISION_ID_LEN + 1];
    decision_id_format(UINT64_C(1795181400250), random, id);
    assert_true(asked_time_of(id) == INT64_C(1795181400250));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_ids_in_a_text),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
