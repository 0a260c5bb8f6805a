/* Which messages carry a valid signature of ours, and which only look like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dkim/signing_profile.h"
#include "dkim/verifier.h"
#include "tests/unit/dkim_help.h"

static struct help_keys keys, rsa_keys, ed_keys;
static struct arena *arena_now;
static int failing_inits; /* so many of the next ones have no memory */

typedef void *take_function(void *closure, size_t size);
typedef void give_function(void *closure, void *memory);
DKIM_LIB *__real_dkim_init(take_function *take, give_function *give);
DKIM_LIB *__wrap_dkim_init(take_function *take, give_function *give);
DKIM_LIB *__wrap_dkim_init(take_function *take, give_function *give)
{
    return failing_inits && failing_inits-- ? NULL : __real_dkim_init(take, give);
}

static const char fields[] = "From: Alice <alice@example.com>\nTo: bob@example.net\n"
                             "Subject: hello,\n world\nReceived: from a by b";

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

/* The header of a message signed by us, as a receiver hands it on. */
static const char *signed_header(const struct signing_profile *profile, const char *text,
                                 struct bytes body)
{
    struct error error = {""};
    size_t count;
    struct facts_header header = help_header(arena_now, text);
    const struct signature *list =
        help_sign(profile, keys.store, &header, body, 0, arena_now, &count, &error);
    if (!list)
        print_message("# %s\n", error.text);
    assert_non_null(list);
    return arena_printf(arena_now, "DKIM-Signature:%.*s\nDKIM-Signature:%.*s\n%s",
                        (int)list[0].value.len, list[0].value.data, (int)list[1].value.len,
                        list[1].value.data, text);
}

enum result { GOOD, NONE, FAILED };

static enum result verify_in(struct arena *arena, const struct keystore *store,
                             const struct facts_header *header, struct bytes body, size_t cut)
{
    struct verifier *verifier;
    struct error error = {""};
    struct bytes domain = {NULL, 0};
    bool good = verifier_new(store, header, arena, &verifier, &error);
    if (!good)
        assert_null(verifier);
    size_t step = cut ? cut : body.len;
    for (size_t at = 0; good && at < body.len; at += step) {
        struct bytes piece = bytes_slice(body, at, at + step);
        char *exact = malloc(piece.len);
        memcpy(exact, piece.data, piece.len);
        good = verifier_body(verifier, (struct bytes){exact, piece.len}, &error);
        free(exact);
    }
    good = good && verifier_finish(verifier, &domain, &error);
    verifier_free(verifier);
    if (!good) {
        assert_non_null(strstr(error.text, "DKIM: "));
        return FAILED;
    }
    if (!domain.len)
        return NONE;
    assert_true(bytes_equal(domain, BYTES("example.com")));
    return GOOD;
}

static enum result verify(const char *text, struct bytes body)
{
    struct facts_header header = help_header(arena_now, text);
    return verify_in(arena_now, keys.store, &header, body, 0);
}

/* Before any other of this program: the library is opened once. */
static void a_library_that_was_not_there_is_asked_for_again(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(true, true);
    const char *text = signed_header(profile, fields, BYTES("x"));
    failing_inits = 1;
    assert_int_equal(verify(text, BYTES("x")), FAILED);
    assert_int_equal(verify(text, BYTES("x")), GOOD);
    signing_profile_free(profile);
}

static void our_own_mail_is_known_again(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "x", "hello\r\n", "a  b \r\n\r\n\r\n"};
    for (int way = 0; way < 4; way++) {
        struct signing_profile *profile = help_profile(way & 1, way & 2);
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
            for (size_t cut = 0; cut < 4; cut++) {
                const char *text = signed_header(profile, fields, bytes_of(bodies[i]));
                struct facts_header header = help_header(arena_now, text);
                assert_true(verifier_wanted(keys.store, &header, arena_now));
                assert_int_equal(
                    verify_in(arena_now, keys.store, &header, bytes_of(bodies[i]), cut), GOOD);
            }
        signing_profile_free(profile);
    }
}

/* Relaxed canonicalization does not mind, and texts are found more easily. */
static const char *unfolded(const char *text)
{
    char *copy = arena_text(arena_now, bytes_of(text));
    for (char *at = copy; (at = strstr(at, "\n\t"));)
        memcpy(at, "  ", 2);
    return copy;
}

/* Replaces the first find in the text; both must be there. */
static const char *change(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);
    assert_non_null(at);
    return arena_printf(arena_now, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
}

static const char *change_both(const char *text, const char *find, const char *with)
{
    const char *once = change(text, find, with);
    const char *second = strstr(once, "DKIM-Signature:") + 1;
    second = strstr(second, "DKIM-Signature:");
    return arena_printf(arena_now, "%.*s%s", (int)(second - once), once,
                        change(second, find, with));
}

static void changed_mail_is_not(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    const char *text = unfolded(signed_header(profile, fields, BYTES("body\r\n")));
    static const char *const in_fields[][2] = {
        {"Alice", "Malice"},
        {"hello", "hullo"},
        {"Subject:", "subject: x\nSubject:"},
        {"Received:", "From: ceo@example.com\nReceived:"},
        {"Received:", "from : ceo@example.com\nReceived:"},
        {"Received:", "Reply-To: x@y.example\nReceived:"},
        {"To: bob@example.net\n", ""},
        {"From: Alice <alice@example.com>\n", ""},
    };
    static const char *const in_signatures[][2] = {
        {"v=1;", "v=2;"},
        {"v=1;", "v=1; l=0;"},
        {"v=1;", "v=1; l=5;"},
        {"v=1;", "v=1; v=1;"},
        {"d=example.com", "d=example.org"},
        {" s=", " s=x"},
        {"c=relaxed/relaxed", "c=simple/relaxed"},
        {"v=1;", "v=1; x=1;"},
        {"v=1;", "v=1; i=@example.org;"},
        {"v=1;", "v=1; s=rsa;"},
        {" b=", " b=A"},
        {"bh=", "bh=A"},
        {"v=1;", "v=1; =;"},
        {"v=1;", "v=1; \xff=1;"},
        {"=", " "},
    };
    assert_int_equal(verify(text, BYTES("body\r\n")), GOOD);
    assert_int_equal(verify(text, BYTES("bodi\r\n")), NONE);
    assert_int_equal(verify(text, BYTES("")), NONE);
    for (size_t i = 0; i < sizeof in_fields / sizeof *in_fields; i++)
        assert_int_equal(verify(change(text, in_fields[i][0], in_fields[i][1]), BYTES("body\r\n")),
                         NONE);
    for (size_t i = 0; i < sizeof in_signatures / sizeof *in_signatures; i++) {
        const char *changed = change_both(text, in_signatures[i][0], in_signatures[i][1]);
        enum result result = verify(changed, BYTES("body\r\n"));
        if (result != NONE)
            print_message("# %zu\n", i);
        assert_int_equal(result, NONE);
    }
    /* what may be added on the way */
    assert_int_equal(
        verify(arena_printf(arena_now, "Received: x\nX-Spam: no\n%s", text), BYTES("body\r\n")),
        GOOD);
    signing_profile_free(profile);
}

/* One of two signatures is enough; a wrong one above it does no harm. */
static void one_good_signature_is_enough(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    const char *text = unfolded(signed_header(profile, fields, BYTES("body\r\n")));
    assert_int_equal(verify(change(text, " b=", " b=A"), BYTES("body\r\n")), GOOD);
    assert_int_equal(verify(change(text, "DKIM-Signature:", "X-Was:"), BYTES("body\r\n")), GOOD);
    const char *foreign = "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x; h=From; bh=x; "
                          "b=x\nDKIM-Signature: junk\nDKIM-Signature:\nDKIM-Signature: \xff\n";
    assert_int_equal(verify(arena_printf(arena_now, "%s%s", foreign, text), BYTES("body\r\n")),
                     GOOD);
    signing_profile_free(profile);
}

static void an_expired_signature_is_none(void **state)
{
    (void)state;
    struct signing_options options = {.expire = 3600};
    struct signing_profile *profile;
    struct error error;
    assert_true(signing_profile_new(&options, &profile, &error));
    const char *text = signed_header(profile, fields, BYTES("body\r\n"));
    assert_int_equal(verify(text, BYTES("body\r\n")), GOOD);
    uint64_t long_ago = (uint64_t)time(NULL) - 86400;
    assert_int_equal(
        dkim_options(profile->lib, DKIM_OP_SETOPT, DKIM_OPTS_FIXEDTIME, &long_ago, sizeof long_ago),
        DKIM_STAT_OK);
    text = signed_header(profile, fields, BYTES("body\r\n"));
    assert_int_equal(verify(text, BYTES("body\r\n")), NONE);
    signing_profile_free(profile);
}

/* A signature by our own key that says how much of the body it covers. */
static const char *sign_with_length(const char *text)
{
    static char pem[8192], signed_text[4096];
    unsigned char *value, field[] = "From: a@example.com", body[] = "body\r\n";
    size_t len, count;
    DKIM_STAT status;
    const struct key *key = keystore_keys(keys.store, &count) + 1;
    FILE *file = fopen(key->path, "r");
    assert_non_null(file);
    pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
    fclose(file);
    DKIM_LIB *lib = dkim_init(NULL, NULL);
    DKIM *dkim = dkim_sign(lib, NULL, NULL, (unsigned char *)pem,
                           (const unsigned char *)key->selector, (const unsigned char *)key->domain,
                           DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, 6, &status);
    assert_non_null(dkim);
    assert_int_equal(dkim_header(dkim, field, sizeof field - 1), DKIM_STAT_OK);
    assert_int_equal(dkim_eoh(dkim), DKIM_STAT_OK);
    assert_int_equal(dkim_body(dkim, body, 6), DKIM_STAT_OK);
    assert_int_equal(dkim_eom(dkim, NULL), DKIM_STAT_OK);
    assert_int_equal(dkim_getsighdr_d(dkim, 16, &value, &len), DKIM_STAT_OK);
    snprintf(signed_text, sizeof signed_text, "DKIM-Signature: %s\n%s", (char *)value, text);
    for (char *at; (at = strchr(signed_text, '\r'));)
        *at = ' ';
    dkim_free(dkim);
    dkim_close(lib);
    return signed_text;
}

static void a_part_of_the_body_is_not_enough(void **state)
{
    (void)state;
    const char *text = sign_with_length("From: a@example.com");
    assert_non_null(strstr(text, "l=6"));
    struct facts_header header = help_header(arena_now, text);
    struct bytes message = help_message(arena_now, NULL, 0, &header, BYTES("body\r\nand more\r\n"));
    assert_int_equal(help_good_signatures(keys.store, message), 1);
    assert_int_equal(verify(text, BYTES("body\r\nand more\r\n")), NONE);
    assert_int_equal(verify(text, BYTES("body\r\n")), NONE);
}

/* Where From is not oversigned the signature holds for libopendkim in spite of a second one. */
static void a_second_from_is_never_covered(void **state)
{
    (void)state;
    struct signing_options options = {0};
    struct signing_profile *profile;
    struct error error;
    assert_true(signing_profile_new(&options, &profile, &error));
    const char *text = signed_header(profile, fields, BYTES("body\r\n"));
    assert_int_equal(verify(text, BYTES("body\r\n")), GOOD);
    text = arena_printf(arena_now, "FROM: ceo@example.com\n%s", text);
    struct facts_header header = help_header(arena_now, text);
    struct bytes message = help_message(arena_now, NULL, 0, &header, BYTES("body\r\n"));
    assert_int_equal(help_good_signatures(keys.store, message), 2);
    assert_int_equal(verify(text, BYTES("body\r\n")), NONE);
    signing_profile_free(profile);
}

static void other_stores_know_nothing_of_it(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header =
        help_header(arena_now, signed_header(profile, fields, BYTES("body\r\n")));
    /* the same names, other keys */
    assert_true(verifier_wanted(rsa_keys.store, &header, arena_now));
    assert_int_equal(verify_in(arena_now, rsa_keys.store, &header, BYTES("body\r\n"), 0), NONE);
    assert_int_equal(verify_in(arena_now, ed_keys.store, &header, BYTES("body\r\n"), 0), NONE);
    struct facts_header unsigned_header = help_header(arena_now, fields);
    assert_false(verifier_wanted(keys.store, &unsigned_header, arena_now));
    assert_int_equal(verify_in(arena_now, keys.store, &unsigned_header, BYTES("x"), 0), NONE);
    struct facts_header nothing = {0};
    assert_false(verifier_wanted(keys.store, &nothing, arena_now));
    assert_int_equal(verify_in(arena_now, keys.store, &nothing, BYTES("x"), 0), NONE);
    header.too_large = true;
    assert_false(verifier_wanted(keys.store, &header, arena_now));
    signing_profile_free(profile);
}

/* Fields that are none, or that hold a NUL, never verify; libopendkim would stop reading there. */
static void broken_fields_never_verify(void **state)
{
    (void)state;
    static const struct field broken[] = {
        {.name = {"Subject", 7}, .value = {" a\0b", 4}},
        {.name = {"X", 1}, .value = {" a\nFrom: x@y", 12}},
        {.name = {"From\xff", 5}, .value = {" x@y", 4}},
        {.name = {"", 0}, .value = {" x", 2}},
        {.name = {"a:b", 3}, .value = {" x", 2}},
        {.name = {"Fr\0m", 4}, .value = {" x", 2}},
        {.name = {"From\t", 5}, .value = {" x@y", 4}},
        {.name = {"From;", 5}, .value = {" x@y", 4}},
    };
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header =
        help_header(arena_now, signed_header(profile, fields, BYTES("body\r\n")));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct field *more = arena_alloc(arena_now, (header.count + 1) * sizeof *more);
        memcpy(more, header.fields, header.count * sizeof *more);
        more[header.count] = broken[i];
        struct facts_header changed = {.fields = more, .count = header.count + 1};
        assert_int_equal(verify_in(arena_now, keys.store, &changed, BYTES("body\r\n"), 0), NONE);
    }
    signing_profile_free(profile);
}

static void hundreds_of_signatures_cost_little(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header =
        help_header(arena_now, signed_header(profile, fields, BYTES("body\r\n")));
    struct field *many = arena_alloc(arena_now, 900 * sizeof *many);
    for (size_t i = 0; i < 900; i++)
        many[i] = header.fields[i < header.count ? i : i % 2];
    struct facts_header flood = {.fields = many, .count = 900};
    assert_int_equal(verify_in(arena_now, keys.store, &flood, BYTES("body\r\n"), 0), GOOD);
    /* and all broken */
    const char *bad =
        change(unfolded(signed_header(profile, fields, BYTES("body\r\n"))), " b=", " b=A");
    header = help_header(arena_now, bad);
    for (size_t i = 0; i < 900; i++)
        many[i] = header.fields[i < 800 ? 0 : 2 + i % (header.count - 2)];
    assert_int_equal(verify_in(arena_now, keys.store, &flood, BYTES("body\r\n"), 0), NONE);
    many = arena_alloc(arena_now, 2000 * sizeof *many);
    for (size_t i = 0; i < 2000; i++)
        many[i] = header.fields[i % header.count];
    flood = (struct facts_header){.fields = many, .count = 2000};
    assert_false(verifier_wanted(keys.store, &flood, arena_now));
    signing_profile_free(profile);
}

/* Every byte of the signatures changed once: never good, never a crash. */
static void mutated_signatures_never_crash(void **state)
{
    (void)state;
    static const char bytes[] = {'\0', ';', '=', ' ', '\xff', 'A', ':', '\t'};
    struct signing_profile *profile = help_profile(false, false);
    const char *text = signed_header(profile, "From: a@example.com", BYTES("x\r\n"));
    struct facts_header header = help_header(arena_now, text);
    struct field *few = arena_alloc(arena_now, 2 * sizeof *few);
    few[0] = header.fields[0];
    few[1] = header.fields[2];
    struct facts_header changed = {.fields = few, .count = 2};
    struct bytes value = few[0].value;
    for (size_t at = 0; at < value.len; at++) {
        struct arena *arena = arena_new((size_t)4 << 20);
        char *exact = malloc(value.len);
        memcpy(exact, value.data, value.len);
        exact[at] = bytes[at % sizeof bytes];
        few[0].value.data = exact;
        verify_in(arena, keys.store, &changed, BYTES("x\r\n"), 0);
        free(exact);
        arena_free(arena);
    }
    signing_profile_free(profile);
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    struct signing_profile *profile = help_profile(false, false);
    struct facts_header header =
        help_header(arena_now, signed_header(profile, fields, BYTES("body\r\n")));
    size_t failures = 0, in_a_row = 0;
    for (size_t ceiling = 0; in_a_row < 3; ceiling += 64) {
        struct arena *arena = arena_new(ceiling);
        enum result result = verify_in(arena, keys.store, &header, BYTES("body\r\n"), 2);
        arena_free(arena);
        if (result == FAILED)
            assert_int_equal(in_a_row, 0);
        else
            assert_int_equal(result, GOOD);
        failures += result == FAILED;
        in_a_row += result == GOOD;
    }
    assert_true(failures > 50);
    signing_profile_free(profile);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_library_that_was_not_there_is_asked_for_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(our_own_mail_is_known_again, begin, end),
        cmocka_unit_test_setup_teardown(changed_mail_is_not, begin, end),
        cmocka_unit_test_setup_teardown(one_good_signature_is_enough, begin, end),
        cmocka_unit_test_setup_teardown(an_expired_signature_is_none, begin, end),
        cmocka_unit_test_setup_teardown(a_part_of_the_body_is_not_enough, begin, end),
        cmocka_unit_test_setup_teardown(a_second_from_is_never_covered, begin, end),
        cmocka_unit_test_setup_teardown(other_stores_know_nothing_of_it, begin, end),
        cmocka_unit_test_setup_teardown(broken_fields_never_verify, begin, end),
        cmocka_unit_test_setup_teardown(hundreds_of_signatures_cost_little, begin, end),
        cmocka_unit_test_setup_teardown(mutated_signatures_never_crash, begin, end),
        cmocka_unit_test_setup_teardown(short_memory_is_an_error, begin, end),
    };
    help_keys_new(&keys, true, true);
    help_keys_new(&rsa_keys, true, false);
    help_keys_new(&ed_keys, false, true);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    help_keys_free(&keys);
    help_keys_free(&rsa_keys);
    help_keys_free(&ed_keys);
    return failed;
}
