/* Signatures hold: for libopendkim itself and for dkimpy, whatever the message looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkim/lend.h"
#include "dkim/sigtags.h"
#include "tests/unit/dkim_help.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static struct help_keys keys;

static const char ordinary[] = "Received: from a\n\tby b; Fri, 20 Nov 2026 10:00:00 +0000\n"
                               "From: Alice <alice@example.com>\n"
                               "To: bob@example.net,\n carol@example.net\n"
                               "Subject: hello\n"
                               "Date: Fri, 20 Nov 2026 10:00:00 +0000\n"
                               "Message-ID: <1@example.com>\n"
                               "MIME-Version: 1.0\n"
                               "Content-Type: text/plain; charset=utf-8";

static struct arena *arena_now;

static int begin(void **state)
{
    (void)state;
    arena_now = arena_new((size_t)64 << 20);
    return arena_now ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena_now);
    return 0;
}

static struct bytes sign(const struct signing_profile *profile, const char *fields,
                         struct bytes body, size_t cut)
{
    return help_signed(profile, keys.store, fields, body, cut, arena_now);
}

static void the_key_is_lent_where_it_can_be(void **state)
{
    (void)state;
    assert_int_equal(lend_works(), EXPECT_LENT);
}

static void both_keys_sign(void **state)
{
    (void)state;
    static const struct bytes bodies[] = {
        TEXT(""),
        TEXT("hello\r\n"),
        TEXT("hello"),
        TEXT("\r\n"),
        TEXT("\r\n\r\n\r\n"),
        TEXT("a\r\n \t \r\n\r\n  b  c \r\n\r\n \r\n"),
        TEXT(" "),
        TEXT("a b  \r\n"),
        TEXT("\xff\xfe\x80\r\n"),
        TEXT("ends in CR\r"),
    };
    for (int way = 0; way < 4; way++) {
        struct signing_profile *profile = help_profile(way & 1, way & 2);
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
            for (size_t cut = 0; cut < 4; cut++) {
                struct bytes message = sign(profile, ordinary, bodies[i], cut);
                size_t good = help_good_signatures(keys.store, message);
                if (good != 2)
                    print_message("# way %d, body %zu, cut %zu\n", way, i, cut);
                assert_int_equal(good, 2);
            }
        signing_profile_free(profile);
    }
}

static void a_changed_message_fails(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"Subject: hello", "Subject: hellp"},
        {"alice@", "alicf@"},
        {"\r\n\r\nbody", "\r\n\r\nbodz"},
        {"MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nFrom: x@y.z\r\n"},
        {"MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nReply-To: x@y\r\n"},
        {"MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nCc: x@y\r\n"},
    };
    struct signing_profile *profile = help_profile(false, false);
    struct bytes message = sign(profile, ordinary, BYTES("body\r\n"), 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *at = strstr(message.data, changes[i][0]);
        assert_non_null(at);
        char *changed = arena_printf(arena_now, "%.*s%s%s", (int)(at - message.data), message.data,
                                     changes[i][1], at + strlen(changes[i][0]));
        assert_int_equal(help_good_signatures(keys.store, bytes_of(changed)), 0);
    }
    signing_profile_free(profile);
}

static void the_text_is_what_was_agreed(void **state)
{
    (void)state;
    struct error error;
    size_t count;
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header = help_header(arena_now, ordinary);
    const struct signature *signatures =
        help_sign(profile, keys.store, &header, BYTES("x\r\n"), 0, arena_now, &count, &error);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        struct bytes value = signatures[i].value;
        struct sigtags tags;
        assert_int_equal(value.data[0], ' ');
        assert_int_equal(bytes_find(value, '\r'), value.len);
        assert_true(sigtags_parse(value, &tags));
        assert_false(tags.has_length);
        assert_true(bytes_equal(tags.domain, BYTES("example.com")));
        assert_true(bytes_equal(tags.selector, bytes_of(signatures[i].key->selector)));
        assert_int_equal(sigtags_field_count_of(&tags, BYTES("From")), 2);
        assert_int_equal(sigtags_field_count_of(&tags, BYTES("Cc")), 1);
        assert_int_equal(sigtags_field_count_of(&tags, BYTES("Received")), 0);
        for (size_t at = 0; at < value.len; at++)
            if (value.data[at] == '\n')
                assert_int_equal(value.data[at + 1], '\t');
    }
    signing_profile_free(profile);
}

static void signatures_expire_when_asked(void **state)
{
    (void)state;
    struct signing_options options = {.expire = 86400};
    struct signing_profile *profile;
    struct error error;
    assert_true(signing_profile_new(&options, &profile, &error));
    struct bytes message = sign(profile, "From: a@example.com", BYTES(""), 0);
    const char *made = strstr(message.data, "; t="), *until = strstr(message.data, "; x=");
    assert_non_null(made);
    assert_non_null(until);
    assert_int_equal(atoll(until + 4) - atoll(made + 4), 86400);
    assert_int_equal(help_good_signatures(keys.store, message), 2);
    signing_profile_free(profile);
}

/* Oversigned names that are in no list to sign, names in odd case, names twice. */
static void odd_lists_still_verify(void **state)
{
    (void)state;
    static const char *const signs[] = {"subject", "SUBJECT"};
    static const char *const oversigns[] = {"X-Never-Listed", "from", "x-never-listed", "Cc"};
    struct signing_options options = {.sign_fields = {signs, 2}, .oversign_fields = {oversigns, 4}};
    struct signing_profile *profile;
    struct error error;
    assert_true(signing_profile_new(&options, &profile, &error));
    struct bytes message = sign(profile,
                                "FROM: a@example.com\nX-Never-Listed: 1\nSubject: s\ncC: x\n"
                                "X-Never-Listed: 2\nX-Free: 3",
                                BYTES("b\r\n"), 0);
    assert_int_equal(help_good_signatures(keys.store, message), 2);
    assert_null(strstr(message.data, "X-Free:X"));
    signing_profile_free(profile);
}

/* What is left out may change and come again; all else is guarded as ever. */
static void fields_are_left_out_of_one_message(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"To: x y", "To: x, y"},        {"To: x y", "To: x y\r\nTo: b"},
        {"Cc: z", "Cc: z\r\nCc: b"},    {"To: x y", "To: x y\r\nReply-To: b"},
        {"From: a@b.c", "From: b@b.c"},
    };
    struct unsigned_field from = {BYTES("From"), NULL};
    struct unsigned_field to = {BYTES("to"), &from};
    struct signing_profile *all = help_profile(false, false);
    struct signing_profile *profile;
    struct error error;
    assert_true(signing_profile_without(all, &to, &profile, &error));
    signing_profile_free(all);
    struct bytes message = sign(profile, "From: a@b.c\nTo: x y\nCc: z", BYTES(""), 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *at = strstr(message.data, changes[i][0]);
        assert_non_null(at);
        char *changed = arena_printf(arena_now, "%.*s%s%s", (int)(at - message.data), message.data,
                                     changes[i][1], at + strlen(changes[i][0]));
        assert_int_equal(help_good_signatures(keys.store, bytes_of(changed)), i < 2 ? 2 : 0);
    }
    signing_profile_free(profile);
}

static void bad_profiles_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a:b", "a;b", "t\xc3\xb6", "a\tb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct signing_options options = {.sign_fields = {&bad[i], 1}};
        struct signing_profile *profile;
        struct error error;
        assert_false(signing_profile_new(&options, &profile, &error));
        assert_null(profile);
        assert_non_null(strstr(error.text, "is no header field's name"));
    }
    static const char *many[201];
    static char names[201][32];
    for (size_t i = 0; i < 201; i++) {
        snprintf(names[i], sizeof names[i], "X-Some-Rather-Long-Name-%zu", i);
        many[i] = names[i];
    }
    struct signing_options options = {.sign_fields = {many, 201}};
    struct signing_profile *profile;
    struct error error;
    assert_false(signing_profile_new(&options, &profile, &error));
    assert_non_null(strstr(error.text, "more than 200"));
    options = (struct signing_options){.oversign_fields = {many, 100}};
    assert_false(signing_profile_new(&options, &profile, &error));
    assert_non_null(strstr(error.text, "2000 fit"));
}

static bool refused(const struct facts_header *header, const char *words)
{
    struct error error = {""};
    size_t count;
    struct signing_profile *profile = help_profile(false, false);
    const struct signature *signatures =
        help_sign(profile, keys.store, header, BYTES("x"), 0, arena_now, &count, &error);
    signing_profile_free(profile);
    if (!signatures && !strstr(error.text, words))
        print_message("# %s\n", error.text);
    return !signatures && strstr(error.text, words);
}

static void what_cannot_be_signed_is_an_error(void **state)
{
    (void)state;
    static const struct bytes values[] = {
        TEXT(" a\0b"), TEXT(" a\rb"),  TEXT(" a\nb"), TEXT(" a\r\nX: y"), TEXT(" a\n"),
        TEXT(" a\r"),  TEXT(" a\r\n"), TEXT("\n"),    TEXT(" a\r\r\n b"),
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct field fields[] = {{.name = BYTES("From"), .value = BYTES(" a@example.com")},
                                 {.name = BYTES("Subject"), .value = values[i]}};
        struct facts_header header = {.fields = fields, .count = 2};
        assert_true(refused(&header, "the field Subject has a NUL in it"));
    }
    struct facts_header header = help_header(arena_now, "Subject: x\nFrom : a@b\nFromm: x");
    assert_true(refused(&header, "no From field"));
    header = (struct facts_header){0};
    assert_true(refused(&header, "no From field"));
}

static void too_many_fields_are_an_error(void **state)
{
    (void)state;
    struct field *fields = arena_alloc(arena_now, 2000 * sizeof *fields);
    for (size_t i = 0; i < 2000; i++)
        fields[i] = (struct field){.name = BYTES("Cc"), .value = BYTES(" x@example.com")};
    fields[1999].name = BYTES("From");
    struct facts_header header = {.fields = fields, .count = 2000};
    assert_true(refused(&header, "more fields than a signature can name"));
    /* as many as fit are signed, and hold */
    struct signing_profile *profile = help_profile(false, false);
    size_t fits = 0;
    for (size_t count = 1250; count < 1500 && !fits; count += 1) {
        struct error error;
        size_t signatures;
        struct facts_header less = {.fields = fields + 2000 - count, .count = count};
        struct arena *arena = arena_new((size_t)16 << 20);
        const struct signature *list =
            help_sign(profile, keys.store, &less, BYTES(""), 0, arena, &signatures, &error);
        if (!list) {
            less = (struct facts_header){.fields = fields + 2000 - count + 1, .count = count - 1};
            list = help_sign(profile, keys.store, &less, BYTES(""), 0, arena, &signatures, &error);
            assert_non_null(list);
            struct bytes message = help_message(arena, list, signatures, &less, BYTES(""));
            assert_int_equal(help_good_signatures(keys.store, message), 2);
            fits = count - 1;
        }
        arena_free(arena);
    }
    assert_true(fits > 1250);
    signing_profile_free(profile);
}

static void a_line_never_grows_too_long(void **state)
{
    (void)state;
    char text[8192] = "From: a@example.com";
    struct error error = {""};
    size_t count;
    for (int i = 0; i < 60; i++)
        strcat(text, "\nList-Unsubscribe: x");
    struct facts_header header = help_header(arena_now, text);
    struct signing_profile *simple = help_profile(true, false),
                           *relaxed = help_profile(false, false);
    assert_null(help_sign(simple, keys.store, &header, BYTES(""), 0, arena_now, &count, &error));
    assert_non_null(strstr(error.text, "relaxed has no such limit"));
    struct bytes message = sign(relaxed, text, BYTES(""), 0);
    assert_int_equal(help_good_signatures(keys.store, message), 2);
    signing_profile_free(simple);
    signing_profile_free(relaxed);
}

static void large_fields_and_lines_are_signed(void **state)
{
    (void)state;
    static char text[1200000], body[1000000];
    struct signing_profile *profile = help_profile(false, false);
    char *at = stpcpy(text, "From: a@example.com\nTo:");
    while (at < text + 1048576)
        at = stpcpy(at, " somebody@example.net,\n");
    strcpy(at, " last@example.net\nSubject: ");
    memset(at + strlen(at), 's', 65536);
    memset(body, 'x', sizeof body);
    struct arena *whole = arena_now;
    arena_now = arena_new((size_t)64 << 20);
    struct bytes message = sign(profile, text, (struct bytes){body, sizeof body}, 65535);
    assert_int_equal(help_good_signatures(keys.store, message), 2);
    arena_free(arena_now);
    arena_now = whole;
    signing_profile_free(profile);
}

static void strong_keys_sign_too(void **state)
{
    (void)state;
    struct help_keys strong;
    char command[512], path[128];
    struct error error = {""};
    size_t count;
    help_keys_new(&strong, false, false);
    snprintf(path, sizeof path, "%s/example.com", strong.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(command, sizeof command,
             "umask 077; openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "
             "%s/strong.pem 2>/dev/null",
             path);
    assert_int_equal(system(command), 0);
    keystore_unref(strong.store);
    assert_true(keystore_load(&strong.options, NULL, &strong.store, &error));
    for (int way = 0; way < 4; way++) {
        struct signing_profile *profile = help_profile(way & 1, way & 2);
        struct facts_header header = help_header(arena_now, ordinary);
        const struct signature *list =
            help_sign(profile, strong.store, &header, BYTES("x\r\n"), 0, arena_now, &count, &error);
        assert_non_null(list);
        struct bytes message = help_message(arena_now, list, count, &header, BYTES("x\r\n"));
        assert_int_equal(help_good_signatures(strong.store, message), 1);
        signing_profile_free(profile);
    }
    help_keys_free(&strong);
}

static void after_a_failure_there_are_only_errors(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header = help_header(arena_now, ordinary);
    const struct key *list;
    struct signer *signer;
    struct error error;
    const struct signature *signatures;
    size_t count = keystore_find(keys.store, BYTES("example.com"), false, &list);
    assert_true(signer_new(profile, list, count, &header, arena_now, &signer, &error));
    assert_true(signer_finish(signer, &signatures, &count, &error));
    assert_false(signer_finish(signer, &signatures, &count, &error));
    assert_false(signer_body(signer, BYTES("x"), &error));
    signer_free(signer);
    signer_free(NULL);
    assert_false(signer_new(profile, list, 0, &header, arena_now, &signer, &error));
    assert_null(signer);
    /* left in the middle */
    count = 2;
    assert_true(signer_new(profile, list, count, &header, arena_now, &signer, &error));
    assert_true(signer_body(signer, BYTES("x"), &error));
    signer_free(signer);
    signing_profile_free(profile);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_key_is_lent_where_it_can_be, begin, end),
        cmocka_unit_test_setup_teardown(both_keys_sign, begin, end),
        cmocka_unit_test_setup_teardown(a_changed_message_fails, begin, end),
        cmocka_unit_test_setup_teardown(the_text_is_what_was_agreed, begin, end),
        cmocka_unit_test_setup_teardown(signatures_expire_when_asked, begin, end),
        cmocka_unit_test_setup_teardown(odd_lists_still_verify, begin, end),
        cmocka_unit_test_setup_teardown(fields_are_left_out_of_one_message, begin, end),
        cmocka_unit_test_setup_teardown(bad_profiles_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_signed_is_an_error, begin, end),
        cmocka_unit_test_setup_teardown(too_many_fields_are_an_error, begin, end),
        cmocka_unit_test_setup_teardown(a_line_never_grows_too_long, begin, end),
        cmocka_unit_test_setup_teardown(large_fields_and_lines_are_signed, begin, end),
        cmocka_unit_test_setup_teardown(strong_keys_sign_too, begin, end),
        cmocka_unit_test_setup_teardown(after_a_failure_there_are_only_errors, begin, end),
    };
    help_keys_new(&keys, true, true);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    help_keys_free(&keys);
    return failed;
}
