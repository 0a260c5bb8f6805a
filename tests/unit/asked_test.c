/* Ids, queue ids and files, as people hand them on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/explain/asked.h"
#include "ctl/explain/encoded_text.h"

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
        {"01JD3W8K7Q5N2 M4P6R8T0V1X4Z", ASKED_ID, ID},
        {"[from.not-owned 01JD3W8K7Q5N2M4P6R8T0V1\n  X4Z]", ASKED_ID, ID},
        {"01JD3W8K7Q5N2M4P6R8T0V1X4Z Z", ASKED_ID, ID},
        {"01JD3W8K7Q5N2-M4P6R8T0V1X4Z", ASKED_QUEUE_ID, "01JD3W8K7Q5N2-M4P6R8T0V1X4Z"},
        {"01JD3W8K7Q5N2 M4P6R8T0V1X4", ASKED_QUEUE_ID, "01JD3W8K7Q5N2 M4P6R8T0V1X4"},
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

static void test_lengths(void **state)
{
    (void)state;
    assert_int_equal(asked_id_length(BYTES("01JD3W8K7Q5N2M4P6R8T0V1X4")), 25);
    assert_int_equal(asked_id_length(BYTES(ID "Z")), 27);
    assert_int_equal(asked_id_length(BYTES("from.not-owned 01JD3W8K7Q5N2 M4P6R8T0V1X4")), 25);
    assert_int_equal(asked_id_length(BYTES("4XyZ7D1mBnz9sQ")), 0);
    assert_int_equal(asked_id_length(BYTES("0123456789ABCDEF")), 0);
    assert_int_equal(asked_id_length(BYTES("")), 0);
}

static void test_encoded(void **state)
{
    (void)state;
    static const struct {
        char *(*decode)(struct bytes text, size_t *ret_len);
        const char *text, *plain;
    } cases[] = {
        {encoded_text_quoted, "a=3Db=\nc=\r\nd= \ne=3", "a=bcde=3"},
        {encoded_text_quoted, "=", "="},
        {encoded_text_quoted, "=zz=4", "=zz=4"},
        {encoded_text_base64, "MIME: x\r\n\r\nYWJj\r\nZGU=\r\n\r\nYQ==", "abcde\na"},
        {encoded_text_base64, "YWJ\n=\n====\nab-c\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        char *plain = cases[i].decode(bytes_of(cases[i].text), &len);
        assert_int_equal(len, strlen(cases[i].plain));
        assert_memory_equal(plain, cases[i].plain, len);
        free(plain);
    }
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
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_ids_in_a_text),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
