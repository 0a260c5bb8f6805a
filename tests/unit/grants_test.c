/* What a login may send as, and who may send as an address: for tables in which each thing that
 * can stand in another's way does. */
#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

#include "tables/grants.h"
#include "tables/owners.h"

static const char *const domains[] = {"example.com", "example.org"};
static const struct site site = {.domains = {domains, 2}};

struct listing {
    char text[8192];
    size_t stop_after; /* 0: never */
};

__attribute__((format(printf, 2, 3))) static void say(struct listing *listing, const char *format,
                                                      ...)
{
    size_t len = strlen(listing->text);
    va_list args;
    va_start(args, format);
    vsnprintf(listing->text + len, sizeof listing->text - len, format, args);
    va_end(args);
}

#define SHOWN(bytes) (int)(bytes).len, (bytes).len ? (bytes).data : ""

/* Folders differ from run to run. */
static struct bytes without_folder(struct bytes source)
{
    size_t at = bytes_find_nocase(source, BYTES("/submilter-tables."));
    if (at == source.len)
        return source;
    struct bytes name = bytes_slice(source, at + 1, source.len);
    return bytes_slice(name, bytes_find(name, '/') + 1, name.len);
}

static bool list_grant(void *context, const struct grant *grant)
{
    static const char *const scopes[] = {"", "only extensions of ", "any at ", "pattern "};
    static const char *const states[] = {
        "", " depends on ", " hidden by ", " never asked: ", " but for ", " unknown: "};
    struct listing *listing = context;
    bool except = grant->state == GRANT_EXCEPTED;
    say(listing, "%s%.*s", scopes[grant->scope], SHOWN(grant->address));
    if (grant->extensions.len)
        say(listing, " (%.*s)", SHOWN(grant->extensions));
    if (grant->where.len)
        say(listing, " if %.*s", SHOWN(grant->where));
    struct bytes source = without_folder(grant->source);
    struct bytes by = without_folder(grant->by);
    say(listing, " | %.*s%s%.*s%.*s\n", SHOWN(except ? by : source), states[grant->state],
        SHOWN(except ? source : by), SHOWN(grant->result));
    return !listing->stop_after || --listing->stop_after;
}

static struct senders *open_senders(const char *const *tables, size_t count, const char *delimiters,
                                    bool keep_case)
{
    struct senders_options options = {
        .tables = {tables, count},
        .extensions = delimiters != NULL,
        .recipient_delimiter = delimiters,
        .case_sensitive_local = keep_case,
        .site = &site,
    };
    struct senders *senders = NULL;
    struct error error;
    if (!senders_open(&options, &senders, &error))
        fail_msg("%s", error.text);
    return senders;
}

static enum grants_walk list(const struct senders *senders, const char *login,
                             struct listing *listing, struct error *error)
{
    const struct grants_visitor visitor = {.visit = list_grant, .context = listing};
    return grants_each(senders, bytes_of(login), &visitor, error);
}

static void expect_grants(const struct senders *senders, const char *login, const char *expected)
{
    struct listing listing = {.text = ""};
    assert_int_equal(list(senders, login, &listing, &(struct error){""}), GRANTS_WALKED);
    if (strcmp(listing.text, expected) != 0)
        fail_msg("%s:\n%s\nexpected:\n%s", login, listing.text, expected);
}

static void without_tables(void **state)
{
    (void)state;
    struct senders *senders = open_senders(NULL, 0, "+", false);
    expect_grants(senders, "alice",
                  "alice@example.com (+) | login\nalice@example.org (+) | login\n");
    expect_grants(senders, "Alice@Other.Example", "alice@other.example (+) | login\n");
    expect_grants(senders, "alice+x", "alice+x@example.com | login\nalice+x@example.org | login\n");
    expect_grants(senders, "\"a b\"@x.example", "\"a b\"@x.example | login\n");
    expect_grants(senders, "EXAMPLE\\alice", "");
    expect_grants(senders, "@example.com", "");
    expect_grants(senders, "", "");
    senders_free(senders);
    senders = open_senders(NULL, 0, "+-", true);
    expect_grants(senders, "Alice",
                  "Alice@example.com (+-) | login\nAlice@example.org (+-) | login\n");
    expect_grants(senders, "owner@x.example", "owner@x.example (+) | login\n");
    senders_free(senders);
}

static void rows_that_hold_and_that_do_not(void **state)
{
    (void)state;
    fixture_write_text("first", "alice@example.com   alice\n"
                                "Sales@Example.com   bob, ALICE\n"
                                "alice               alice\n"
                                "alice@example.com.  alice\n"
                                "al ice\n"
                                "alice@exa_mple..com alice\n"
                                "\"alice\"@x.example alice\n"
                                "john..doe@x.example alice\n"
                                "x@bücher.example    alice\n"
                                "a%b@example.com     alice\n"
                                "@example.org        alice\n"
                                "bob@example.org     bob\n"
                                "alice+bob@example.com bob\n"
                                "@bad..example       alice\n");
    const char *tables[] = {fixture_spec("texthash", "first"),
                            "inline:{ sales@example.com=alice @example.org=alice "
                            "x@xn--bcher-kva.example=bob bob@example.org=alice }"};
    struct senders *senders = open_senders(tables, 2, "+", false);
    expect_grants(
        senders, "alice",
        "alice@example.com (+) | first:1 alice@example.com\n"
        "sales@example.com (+) | first:2 sales@example.com\n"
        "alice | first:3 alice never asked: a name without a domain is not asked for\n"
        "alice@example.com. | first:4 alice@example.com. never asked: it is no address\n"
        "alice@exa_mple..com | first:6 alice@exa_mple..com never asked: it is no address\n"
        "\"alice\"@x.example | first:7 \"alice\"@x.example never asked: what is asked for is "
        "alice@x.example\n"
        "john..doe@x.example | first:8 john..doe@x.example\n"
        "x@bücher.example (+) | first:9 x@bücher.example hidden by inline:3 "
        "x@xn--bcher-kva.example\n"
        "a%b@example.com | first:10 a%b@example.com\n"
        "any at @example.org | first:11 @example.org\n"
        "any at @bad..example | first:14 @bad..example never asked: it is no domain name\n"
        "sales@example.com (+) | inline:1 sales@example.com hidden by first:2 sales@example.com\n"
        "any at @example.org | inline:2 @example.org hidden by first:11 @example.org\n"
        "bob@example.org (+) | inline:4 bob@example.org hidden by first:12 bob@example.org\n"
        "bob@example.org (+) | first:12 bob@example.org but for first:11 @example.org\n"
        "alice+bob@example.com | first:13 alice+bob@example.com but for first:1 "
        "alice@example.com\n");
    expect_grants(senders, "nobody", "");
    struct listing listing = {.stop_after = 2};
    assert_int_equal(list(senders, "alice", &listing, &(struct error){""}), GRANTS_STOPPED);
    assert_string_equal(listing.text, "alice@example.com (+) | first:1 alice@example.com\n"
                                      "sales@example.com (+) | first:2 sales@example.com\n");
    senders_free(senders);
}

static void patterns_before_rows(void **state)
{
    (void)state;
    fixture_write_text("patterns", "/^alice@/ bob\n"
                                   "/^(.*)@example\\.org$/ $1, boss\n"
                                   "if /team/\n"
                                   "!/^carol/ team\n"
                                   "endif\n"
                                   "/^(x+)@/ $1@example.com\n");
    const char *tables[] = {fixture_spec("pcre", "patterns"),
                            "inline:{ alice@example.com=alice dave@example.com=alice "
                            "@example.com=alice erin@example.com=bob }"};
    struct senders *senders = open_senders(tables, 2, "+", false);
    expect_grants(senders, "alice",
                  "pattern /^(.*)@example\\.org$/ | patterns:2 /^(.*)@example\\.org$/ depends on "
                  "${1}, boss\n"
                  "alice@example.com | inline:1 alice@example.com hidden by patterns:1 /^alice@/\n"
                  "\"alice\"@example.com | inline:1 alice@example.com\n"
                  "only extensions of alice@example.com (+) | inline:1 alice@example.com\n"
                  "dave@example.com (+) | inline:2 dave@example.com\n"
                  "any at @example.com | inline:3 @example.com\n"
                  "erin@example.com (+) | inline:4 erin@example.com but for inline:3 "
                  "@example.com\n");
    expect_grants(senders, "boss",
                  "boss@example.org | patterns:2 /^(.*)@example\\.org$/\n"
                  "pattern /^(.*)@example\\.org$/ | patterns:2 /^(.*)@example\\.org$/\n");
    expect_grants(senders, "team",
                  "team@example.com | patterns:4 !/^carol/\n"
                  "team@example.org | patterns:2 /^(.*)@example\\.org$/\n"
                  "pattern /^(.*)@example\\.org$/ | patterns:2 /^(.*)@example\\.org$/ depends on "
                  "${1}, boss\n"
                  "pattern !/^carol/ if /team/ (line 3) | patterns:4 !/^carol/\n");
    expect_grants(senders, "xx@example.com",
                  "xx@example.com | patterns:6 /^(x+)@/\n"
                  "pattern /^(.*)@example\\.org$/ | patterns:2 /^(.*)@example\\.org$/ depends on "
                  "${1}, boss\n"
                  "pattern /^(x+)@/ | patterns:6 /^(x+)@/ depends on ${1}@example.com\n");
    senders_free(senders);
}

static void what_is_unknown_is_said(void **state)
{
    (void)state;
    fixture_write_text("runaway", "/^(a+)+$/ x\n");
    const char *long_a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com";
    char row[200];
    snprintf(row, sizeof row, "inline:{ %s=alice }", long_a);
    const char *tables[] = {fixture_spec("pcre", "runaway"), row};
    struct senders *senders = open_senders(tables, 2, NULL, false);
    char expected[400];
    snprintf(expected, sizeof expected,
             "%s | inline:1 %s unknown: runaway:1 match limit exceeded\n", long_a, long_a);
    expect_grants(senders, "alice", expected);
    senders_free(senders);

    fixture_write_text("gone", "alice@example.com alice\n");
    assert_true(fixture_postmap("lmdb", "gone"));
    const char *gone[] = {fixture_spec("lmdb", "gone")};
    senders = open_senders(gone, 1, NULL, false);
    assert_int_equal(truncate(fixture_path("gone.lmdb"), 4096), 0);
    struct listing listing = {.text = ""};
    struct error error = {""};
    assert_int_equal(list(senders, "alice", &listing, &error), GRANTS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "gone: the file is cut short"));
    senders_free(senders);
}

static void add_row(struct cdb_make *make, struct bytes key, struct bytes value)
{
    assert_int_equal(
        cdb_make_add(make, key.data, (unsigned)key.len, value.data, (unsigned)value.len), 0);
}

/* What only databases can hold, and postmap does not write. */
static void databases_made_otherwise(void **state)
{
    (void)state;
    struct cdb_make make;
    int fd = open(fixture_path("odd.cdb"), O_RDWR | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(cdb_make_start(&make, fd), 0);
    add_row(&make, BYTES("alice@example.com"), BYTES("alice"));
    add_row(&make, BYTES("alice@example.com\0"), BYTES("alice, bob")); /* is found before it */
    add_row(&make, BYTES("Carol@example.com"), BYTES("alice"));
    add_row(&make, BYTES("j\xfcrgen@example.com"), BYTES("alice"));
    add_row(&make, BYTES("a\0b@example.com"), BYTES("alice"));
    add_row(&make, BYTES(""), BYTES("alice"));
    add_row(&make, BYTES("bob@example.com"), BYTES("j\xfcrgen"));
    add_row(&make, BYTES("empty@example.com"), BYTES(""));
    add_row(&make, BYTES("Dave@example.com"), BYTES(""));
    add_row(&make, BYTES("@example.com"), BYTES("alice"));
    add_row(&make, BYTES("@example.com"), BYTES("bob")); /* is never found */
    assert_int_equal(cdb_make_finish(&make), 0);
    close(fd);
    const char *tables[] = {fixture_spec("cdb", "odd")};
    struct senders *senders = open_senders(tables, 1, NULL, false);
    expect_grants(senders, "alice",
                  "alice@example.com | odd alice@example.com hidden by odd alice@example.com\n"
                  "alice@example.com | odd alice@example.com\n"
                  "Carol@example.com | odd Carol@example.com never asked: what is asked for is "
                  "carol@example.com\n"
                  "j\xfcrgen@example.com | odd j\xfcrgen@example.com never asked: it is no "
                  "address\n"
                  "a | odd a never asked: it is no address\n"
                  " | odd  never asked: a name without a domain is not asked for\n"
                  "bob@example.com | odd bob@example.com unknown: odd bob@example.com: the row's "
                  "value is not UTF-8\n"
                  "empty@example.com | odd empty@example.com unknown: odd empty@example.com: the "
                  "row has no value\n"
                  "any at @example.com | odd @example.com\n");
    expect_grants(senders, "bob",
                  "alice@example.com | odd alice@example.com\n"
                  "bob@example.com | odd bob@example.com unknown: odd bob@example.com: the row's "
                  "value is not UTF-8\n"
                  "empty@example.com | odd empty@example.com unknown: odd empty@example.com: the "
                  "row has no value\n"
                  "any at @example.com | odd @example.com hidden by odd @example.com\n");
    senders_free(senders);
}

static bool list_owner(void *context, const struct owner *owner)
{
    struct bytes source = without_folder(owner->source);
    say(context, "%.*s%s | %.*s\n", SHOWN(owner->login), owner->hidden ? " hidden" : "",
        SHOWN(source));
    return true;
}

static void expect_owners(const struct senders *senders, const char *address,
                          enum table_result result, const char *expected)
{
    struct listing listing = {.text = ""};
    struct arena *arena = arena_new(1 << 20);
    struct mailbox mailbox;
    struct bytes reason;
    assert_true(address_parse_plain(arena, bytes_of(address), &mailbox));
    assert_int_equal(owners_each(senders, arena, &mailbox, list_owner, &listing, &reason), result);
    if (result == TABLE_UNAVAILABLE)
        say(&listing, "%.*s", SHOWN(without_folder(reason)));
    if (strcmp(listing.text, expected) != 0)
        fail_msg("%s:\n%s\nexpected:\n%s", address, listing.text, expected);
    arena_free(arena);
}

static void owners(void **state)
{
    (void)state;
    fixture_write_text("owners", "/^(.*)@example\\.org$/ $1\n/^(a+)+$/ x\n");
    const char *tables[] = {"inline:{ a@example.com=a {b@example.com = a, b} @example.org=all "
                            "{none@example.com = ,} }",
                            fixture_spec("pcre", "owners"), "inline:{ b@example.com=c }"};
    struct senders *senders = open_senders(tables, 3, "+", false);
    expect_owners(senders, "a@example.com", TABLE_FOUND, "a | inline:1 a@example.com\n");
    expect_owners(senders, "B@example.com", TABLE_FOUND,
                  "a | inline:2 b@example.com\nb | inline:2 b@example.com\n"
                  "c hidden | inline:1 b@example.com\n");
    expect_owners(senders, "b+x@example.com", TABLE_FOUND,
                  "a | inline:2 b@example.com\nb | inline:2 b@example.com\n"
                  "c hidden | inline:1 b@example.com\n");
    expect_owners(senders, "b@example.org", TABLE_FOUND,
                  "b | owners:1 /^(.*)@example\\.org$/\nall hidden | inline:3 @example.org\n");
    expect_owners(senders, "@example.org", TABLE_FOUND, "all | inline:3 @example.org\n");
    expect_owners(senders, "@example.com", TABLE_ABSENT, "");
    expect_owners(senders, "z@example.com", TABLE_ABSENT, "");
    expect_owners(senders, "none@example.com", TABLE_FOUND, " | inline:4 none@example.com\n");
    expect_owners(senders, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com",
                  TABLE_UNAVAILABLE, "owners:2 match limit exceeded");
    senders_free(senders);

    senders = open_senders(NULL, 0, "+", false);
    expect_owners(senders, "Alice+x@example.com", TABLE_FOUND,
                  "alice+x@example.com | login\nalice+x | login\n"
                  "alice@example.com | login\nalice | login\n");
    expect_owners(senders, "alice@other.example", TABLE_FOUND, "alice@other.example | login\n");
    expect_owners(senders, "@example.com", TABLE_ABSENT, "");
    expect_owners(senders, "alice", TABLE_ABSENT, "");
    senders_free(senders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_tables),
        cmocka_unit_test(rows_that_hold_and_that_do_not),
        cmocka_unit_test(patterns_before_rows),
        cmocka_unit_test(what_is_unknown_is_said),
        cmocka_unit_test(databases_made_otherwise),
        cmocka_unit_test(owners),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
