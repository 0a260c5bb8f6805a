/* Finding what came out, cutting it, and comparing keys, in `submilterctl verify`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/verify/arrived_text.h"
#include "ctl/verify/dns_key.h"
#include "ctl/verify/mail_folder.h"
#include "ctl/verify/probe_message.h"
#include "ctl/verify/wiping.h"
#include "tests/unit/dkim_help.h"

static struct arena *arena_now;

static int begin(void **state)
{
    (void)state;
    arena_now = arena_new((size_t)16 << 20);
    return arena_now ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena_now);
    return 0;
}

/* Without the NUL behind it, so that reading too far shows. */
static struct bytes exact(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    return (struct bytes){copy, len};
}

static void done(struct bytes text)
{
    free((char *)(uintptr_t)text.data);
}

static void messages_are_found_in_an_mbox(void **state)
{
    (void)state;
    static const struct {
        const char *mbox, *found;
    } cases[] = {
        {"From a\nX: 1\n\nMARK\n", "X: 1\n\nMARK\n"},
        {"From a\nX: 1\n\none\n\nFrom b\nX: 2\n\nMARK\n\nFrom c\nX: 3\n\n", "X: 2\n\nMARK\n"},
        {"From a\nX: 1\n\nMARK\n\n", "X: 1\n\nMARK\n\n"},
        {"X: 1\n\nMARK\n", "X: 1\n\nMARK\n"},
        {"tail of another\n\nFrom b\nX: 2\n\n>From here\nMARK\n", "X: 2\n\n>From here\nMARK\n"},
        {"From a\nX: 1\n\nother\n", ""},
        {"From ", ""},
        {"", ""},
        {"MARK", "MARK"},
        {"From MARK", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes mbox = exact(cases[i].mbox);
        struct bytes found = mail_folder_mbox_message(mbox, "MARK");
        assert_true(bytes_equal(found, bytes_of(cases[i].found)));
        done(mbox);
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void folders_are_looked_through(void **state)
{
    (void)state;
    char top[] = "/tmp/submilter-folder-XXXXXX";
    struct bytes text;
    struct error error;
    assert_non_null(mkdtemp(top));
    const char *maildir = arena_printf(arena_now, "%s/maildir", top);
    const char *mbox = arena_printf(arena_now, "%s/mbox", top);
    const char *message = arena_printf(arena_now, "%s/cur/2", maildir);
    time_t now = time(NULL);
    assert_int_equal(mail_folder_find(maildir, "MARK", now, arena_now, &text, &error),
                     MAIL_FOLDER_ABSENT);
    static const char *const names[] = {"", "/new", "/cur", "/tmp"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(arena_printf(arena_now, "%s%s", maildir, names[i]), 0700), 0);
    write_file(arena_printf(arena_now, "%s/tmp/1", maildir), "X: 0\n\nMARK half written");
    write_file(arena_printf(arena_now, "%s/new/1", maildir), "X: 1\n\nother\n");
    assert_int_equal(mail_folder_find(maildir, "MARK", now, arena_now, &text, &error),
                     MAIL_FOLDER_ABSENT);
    write_file(message, "X: 2\n\nMARK\n");
    assert_int_equal(mail_folder_find(maildir, "MARK", now, arena_now, &text, &error),
                     MAIL_FOLDER_FOUND);
    assert_true(bytes_equal(text, BYTES("X: 2\n\nMARK\n")));
    assert_int_equal(mail_folder_find(maildir, "MARK", now + 100000, arena_now, &text, &error),
                     MAIL_FOLDER_ABSENT);
    write_file(mbox, "From a\nX: 3\n\nMARK\n");
    assert_int_equal(mail_folder_find(mbox, "MARK", now, arena_now, &text, &error),
                     MAIL_FOLDER_FOUND);
    assert_true(bytes_equal(text, BYTES("X: 3\n\nMARK\n")));
    help_remove(top);
}

static void messages_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *body;
        size_t fields;
    } cases[] = {
        {"A: 1\r\nB: 2\r\n\t3\r\n\r\nbody\r\n", "body\r\n", 2},
        {"A: 1\nB: 2\n\t3\n\nbody\n", "body\r\n", 2},
        {"From x y\nA: 1\nB: 2\n 3\n\nbody\n", "body\r\n", 2},
        {"A: 1\r\nB: 2\r\n 3\r\n", "", 2},
        {"A: 1\r\nB: 2\r\n\t3", "", 2},
        {"A: 1\r\nB: 2\r\n\t3\r\n\r\n", "", 2},
        {"A: 1\r\nB: 2\r\n\t3\r\n\r\na\nb\r\n", "a\nb\r\n", 2},
        {"no field\r\n", "no field\r\n", 0},
        {"\r\nbody", "body", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arrived_text arrived;
        struct bytes text = exact(cases[i].text);
        assert_true(arrived_text_cut(text, arena_now, &arrived));
        assert_int_equal(arrived.header.count, cases[i].fields);
        assert_true(bytes_equal(arrived.body, bytes_of(cases[i].body)));
        if (cases[i].fields) {
            const struct field *field = facts_field(&arrived.header, BYTES("b"), 0);
            assert_non_null(field);
            assert_true(bytes_start_with_nocase(field->value, BYTES(" 2\r\n")));
            assert_true(bytes_end_with_nocase(field->value, BYTES("3")));
        }
        done(text);
    }
}

static void probes_can_be_known_again(void **state)
{
    (void)state;
    const char *token = "0123456789abcdef0123";
    struct probe probe = {
        .token = token, .from = "a@b.example", .to = "c@d.example", .spoof = "e@f"};
    for (int kind = PROBE_ALLOWED; kind <= PROBE_FORGED_TRUST; kind++) {
        probe.kind = (enum probe_kind)kind;
        const char *text = probe_message(&probe, arena_now);
        const char *mark = probe_message_mark(probe.kind, token, arena_now);
        assert_non_null(strstr(text, arena_printf(arena_now, "\r\n%s\r\n", mark)));
        struct bytes found = probe_message_token(bytes_of(text));
        assert_true(bytes_equal(found, bytes_of(kind == PROBE_ALLOWED ? token : "")));
        assert_false(probe_message_was_forged(bytes_of(text)));
    }
    probe.kind = PROBE_ALLOWED;
    probe.authserv = "mx.example.com";
    assert_true(probe_message_was_forged(bytes_of(probe_message(&probe, arena_now))));
    static const char *const none[] = {"",
                                       "end of test ",
                                       "end of test 0123456789abcdef0123",
                                       "end of test 0123456789abcdef0123-allow",
                                       "end of test 0123456789ABCDEF0123-allowed",
                                       "end of test 0123-allowed"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct bytes text = exact(none[i]);
        assert_int_equal(probe_message_token(text).len, 0);
        done(text);
    }
}

static void keys_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *record, *ours, *why; /* why: NULL where they are the same */
    } cases[] = {
        {"v=DKIM1; k=rsa; p=AB==", "v=DKIM1; k=rsa; p=AB==", NULL},
        {"p=AB==", "v=DKIM1; k=rsa; p=AB==", NULL},
        {" k = rsa ;\tp = A B == ; s=email;", "v=DKIM1; k=rsa; p=AB==", NULL},
        {"k=ed25519; p=AB", "v=DKIM1; k=ed25519; p=AB", NULL},
        {"p=AB", "v=DKIM1; k=ed25519; p=AB", "another key"},
        {"k=ed25519; p=AB", "v=DKIM1; k=rsa; p=AB", "another key"},
        {"p=AC==", "v=DKIM1; k=rsa; p=AB==", "another key"},
        {"p=ab==", "v=DKIM1; k=rsa; p=AB==", "another key"},
        {"p=", "v=DKIM1; k=rsa; p=AB==", "revoked"},
        {"v=spf1 -all", "v=DKIM1; k=rsa; p=AB==", "no p="},
        {"", "v=DKIM1; k=rsa; p=AB==", "no p="},
        {";;=;p", "v=DKIM1; k=rsa; p=AB==", "no p="},
        {"p=AB==; t=s:y", "v=DKIM1; k=rsa; p=AB==", "t=y"},
        {"p=AB==; t=s", "v=DKIM1; k=rsa; p=AB==", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct bytes record = exact(cases[i].record);
        bool same = dns_key_same(record, bytes_of(cases[i].ours), arena_now, &error);
        assert_int_equal(same, cases[i].why == NULL);
        if (cases[i].why)
            assert_non_null(strstr(error.text, cases[i].why));
        done(record);
    }
}

/* Looked at when it is given back. */
static const char *watched;
static size_t watched_len;
static bool was_wiped;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (watched) {
        was_wiped = true;
        for (size_t i = 0; i < watched_len; i++)
            was_wiped = was_wiped && watched[i] == '\0';
        watched = NULL;
    }
    __real_free(memory);
}

static void watch(const char *text)
{
    watched = text;
    watched_len = strlen(text);
    was_wiped = false;
}

static void memory_is_wiped(void **state)
{
    (void)state;
    char *text = wiping_strdup("secret");
    watch(text);
    text = wiping_realloc(text, 100);
    assert_true(was_wiped);
    watch(text);
    wiping_free(text);
    assert_true(was_wiped);
}

static void memory_is_kept_when_it_grows(void **state)
{
    (void)state;
    char *text = wiping_strdup("secret");
    text = wiping_realloc(text, 4096);
    assert_string_equal(text, "secret");
    text = wiping_realloc(text, 3);
    assert_memory_equal(text, "sec", 3);
    wiping_free(text);
    wiping_free(NULL);
    text = wiping_calloc(3, 5);
    assert_memory_equal(text, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    wiping_free(text);
    assert_null(wiping_calloc(SIZE_MAX / 2, 3));
    assert_null(wiping_malloc(SIZE_MAX));
    wiping_free(wiping_realloc(NULL, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_found_in_an_mbox, begin, end),
        cmocka_unit_test_setup_teardown(folders_are_looked_through, begin, end),
        cmocka_unit_test_setup_teardown(messages_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(probes_can_be_known_again, begin, end),
        cmocka_unit_test_setup_teardown(keys_are_compared, begin, end),
        cmocka_unit_test_setup_teardown(memory_is_wiped, begin, end),
        cmocka_unit_test_setup_teardown(memory_is_kept_when_it_grows, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
