/* Who may use which address. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

#include "tables/senders.h"

static const char *const domains[] = {"example.com", "example.org", "xn--bcher-kva.example"};
static const struct site site = {.domains = {domains, 3}};

struct question {
    const char *login;
    const char *address; /* as in MAIL FROM */
    enum ownership answer;
    const char *source; /* the source ends with this; NULL: there is none */
};

#define YES OWNERSHIP_GRANTED
#define NO OWNERSHIP_DENIED
#define WHO_KNOWS OWNERSHIP_UNAVAILABLE

static struct senders *open_senders(const char *const *tables, size_t count, const char *delimiter,
                                    bool keep_case)
{
    struct senders_options options = {
        .tables = {tables, count},
        .extensions = delimiter != NULL,
        .recipient_delimiter = delimiter,
        .case_sensitive_local = keep_case,
        .site = &site,
    };
    struct senders *senders = NULL;
    struct error error;
    if (!senders_open(&options, &senders, &error))
        fail_msg("%s", error.text);
    return senders;
}

static void ask_one(const struct senders *senders, const struct question *question)
{
    struct arena *arena = arena_new(1 << 20);
    struct address_list list;
    address_parse_path(arena, bytes_of(question->address), &list);
    if (list.reading != ADDRESS_AGREED || list.count != 1)
        fail_msg("\"%s\" is not one address: %s", question->address, list.reason);
    size_t len = strlen(question->login);
    char *login = malloc(len ? len : 1);
    memcpy(login, question->login, len);
    struct bytes source;
    enum ownership answer =
        senders_ask(senders, arena, (struct bytes){login, len}, &list.mailboxes[0], &source);
    free(login);
    if (answer != question->answer)
        fail_msg("\"%s\" for %s: %d, by \"%.*s\"", question->login, question->address, answer,
                 (int)source.len, source.data);
    struct bytes expected = bytes_of(question->source);
    if (question->source ? !bytes_end_with_nocase(source, expected) : source.len > 0)
        fail_msg("\"%s\" for %s: by \"%.*s\", and not \"%s\"", question->login, question->address,
                 (int)source.len, source.data, question->source);
    arena_free(arena);
}

static void ask(struct senders *senders, const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ask_one(senders, &questions[i]);
    senders_free(senders);
}

#define ASK(senders, questions) ask((senders), (questions), sizeof(questions) / sizeof *(questions))

static void without_tables(void **state)
{
    (void)state;
    static const struct question with_extensions[] = {
        {"alice@example.com", "alice@example.com", YES, "login"},
        {"alice@example.com", "Alice@EXAMPLE.com", YES, "login"},
        {"ALICE@Example.COM", "alice@example.com", YES, "login"},
        {"alice@example.com", "alice+list@example.com", YES, "login"},
        {"alice@example.com", "alice+a+b@example.com", YES, "login"},
        {"alice@example.com", "alice+@example.com", YES, "login"},
        {"alice@example.com", "alice-list@example.com", NO, "login"},
        {"alice@example.com", "+alice@example.com", NO, "login"},
        {"alice+list@example.com", "alice+list@example.com", YES, "login"},
        {"alice+list@example.com", "alice@example.com", NO, "login"},
        {"alice+list@example.com", "alice+other@example.com", NO, "login"},
        {"alice@example.com", "alice@example.org", NO, "login"},
        {"alice@example.com", "bob@example.com", NO, "login"},
        {"alice@example.com", "alice@example.com.evil.example", NO, "login"},
        {"alice@example.com", "alice@sub.example.com", NO, "login"},
        {"alice@example.com", "\"alice\"@example.com", YES, "login"},
        {"alice@example.com", "\"alice+x\"@example.com", NO, "login"},
        {"alice@elsewhere.example", "alice@elsewhere.example", YES, "login"},
        {"alice", "alice@example.com", YES, "login"},
        {"Alice", "alice+x@example.org", YES, "login"},
        {"alice", "alice@xn--bcher-kva.example", YES, "login"},
        {"alice", "alice@bücher.example", YES, "login"},
        {"alice", "alice@elsewhere.example", NO, "login"},
        {"alice", "bob@example.com", NO, "login"},
        {"alice", "alice", NO, NULL},
        {"alice@bücher.example", "alice@xn--bcher-kva.example", YES, "login"},
        {"alice@XN--BCHER-KVA.example", "alice@Bücher.example", YES, "login"},
        {"jürgen", "jürgen@example.com", YES, "login"},
        {"j\x75\xcc\x88rgen", "jürgen@example.com", YES, "login"}, /* NFD */
        {"JÜRGEN", "jürgen@example.com", YES, "login"},
        {"özgür@example.com", "Özgür+x@example.com", YES, "login"},
        {"weiß", "WEIẞ@example.com", YES, "login"},
        {"weiss", "weiß@example.com", NO, "login"}, /* may be two accounts */
        {"αλέξης", "ΑΛΈΞΗΣ@example.com", YES, "login"},
        {"\xe2\x84\xaa"
         "arl",
         "karl@example.com", NO, "login"}, /* the Kelvin sign */
        {"", "alice@example.com", NO, NULL},
        {"@example.com", "alice@example.com", NO, "login"},
        {"alice@", "alice@example.com", NO, "login"},
        {"alice@example.com@example.com", "alice@example.com", NO, "login"},
        {"EXAMPLE\\alice", "alice@example.com", NO, "login"},
        {"odd local", "\"odd local\"@example.com", NO, "login"},
    };
    ASK(open_senders(NULL, 0, "+", false), with_extensions);
    static const struct question without_extensions[] = {
        {"alice", "alice+x@example.com", NO, "login"},
        {"alice@example.com", "alice+x@example.com", NO, "login"},
        {"alice+x", "alice+x@example.com", YES, "login"},
    };
    ASK(open_senders(NULL, 0, NULL, false), without_extensions);
    static const struct question keeping_case[] = {
        {"alice", "alice@example.com", YES, "login"},
        {"alice", "Alice@example.com", NO, "login"},
        {"özgür", "Özgür@example.com", NO, "login"},
        {"Alice@Example.COM", "Alice+x@example.com", YES, "login"},
    };
    ASK(open_senders(NULL, 0, "+", true), keeping_case);
}

static const char rows[] = "alice@example.com        alice@example.com\n"
                           "alice                    not-used\n"
                           "sales@example.com        alice@example.com, bob@example.com\n"
                           "bob@example.com          bob@example.com\n"
                           "ceo@example.com          ceo@example.com\n"
                           "ceo+press@example.com    press\n"
                           "carol@example.com        carol\n"
                           "@example.org             orgadmin@example.com\n"
                           "fred@example.org         fred\n"
                           "jürgen@bücher.example    juergen@example.com\n"
                           "info@xn--bcher-kva.example   info@bücher.example\n"
                           "@xn--bcher-kva.example   a-labels\n"
                           "\"odd local\"@example.com  alice@example.com\n"
                           "john..doe@example.com    john\n"
                           "\"jane..doe\"@example.com  jane\n"
                           "rose@bücher.example      rose@bücher.example\tjörg\n"
                           "kate@bücher.example      kate\n"
                           "Özgür@example.org        ozgur\n"
                           "weiß@example.org         weiss\n"
                           "αλέξης@example.org       alexis\n"
                           "İsmet@example.org        ismet\n"
                           "Übel@example.com         ubel\n";

static const struct question row_questions[] = {
    {"alice@example.com", "alice@example.com", YES, " alice@example.com"},
    {"ALICE@EXAMPLE.COM", "Alice@Example.Com", YES, " alice@example.com"},
    {"alice", "alice@example.com", NO, " alice@example.com"},
    {"not-used", "alice@example.com", NO, " alice@example.com"},
    {"alice@example.co", "alice@example.com", NO, " alice@example.com"},
    {"alice@example.com", "alice+x@example.com", YES, " alice@example.com"},
    {"alice@example.com", "sales@example.com", YES, " sales@example.com"},
    {"bob@example.com", "sales+berlin@example.com", YES, " sales@example.com"},
    {"bob@example.com,", "sales@example.com", NO, " sales@example.com"},
    {"alice@example.com, bob@example.com", "sales@example.com", NO, " sales@example.com"},
    {"carol", "carol@example.com", YES, " carol@example.com"},
    {"Carol", "carol@example.com", YES, " carol@example.com"},
    {"carol@example.com", "carol@example.com", NO, " carol@example.com"},
    {"alice@example.com", "nobody@example.com", NO, NULL},
    {"nobody@example.com", "nobody@example.com", NO, NULL},
    /* the first answer decides, and not the first that grants */
    {"ceo@example.com", "ceo+other@example.com", YES, " ceo@example.com"},
    {"ceo@example.com", "ceo+press@example.com", NO, " ceo+press@example.com"},
    {"press", "ceo+press@example.com", YES, " ceo+press@example.com"},
    {"orgadmin@example.com", "anybody@example.org", YES, " @example.org"},
    {"orgadmin@example.com", "any+body@example.org", YES, " @example.org"},
    {"orgadmin@example.com", "fred@example.org", NO, " fred@example.org"},
    {"orgadmin@example.com", "fred+x@example.org", NO, " fred@example.org"},
    {"orgadmin@example.com", "anybody@sub.example.org", NO, NULL},
    /* however it is spelt: its own row is there before that of the whole domain */
    {"ozgur", "Özgür@example.org", YES, " özgür@example.org"},
    {"ozgur", "O\xcc\x88ZGÜR+x@example.org", YES, " özgür@example.org"},
    {"orgadmin@example.com", "Özgür@example.org", NO, " özgür@example.org"},
    {"orgadmin@example.com", "ÖZGÜR+x@example.org", NO, " özgür@example.org"},
    {"orgadmin@example.com", "ozgur@example.org", YES, " @example.org"},
    {"weiss", "weiß@example.org", YES, " weiss@example.org"},
    {"weiss", "WEISS@example.org", YES, " weiss@example.org"},
    {"weiß", "weiß@example.org", NO, " weiss@example.org"},
    {"orgadmin@example.com", "weiß@example.org", NO, " weiss@example.org"},
    {"orgadmin@example.com", "WEIẞ@example.org", NO, " weiss@example.org"},
    {"alexis", "αλέξης@example.org", YES, " αλέξησ@example.org"},
    {"alexis", "ΑΛΈΞΗΣ@example.org", YES, " αλέξησ@example.org"},
    {"orgadmin@example.com", "αλέξησ@example.org", NO, " αλέξησ@example.org"},
    {"ismet", "İSMET@example.org", YES, " i\xcc\x87smet@example.org"},
    {"orgadmin@example.com", "i\xcc\x87smet@example.org", NO, " i\xcc\x87smet@example.org"},
    {"orgadmin@example.com", "ısmet@example.org", YES, " @example.org"},
    {"ubel", "Übel@example.com", YES, " übel@example.com"},
    {"ubel",
     "U\xcc\x88"
     "BEL@example.com",
     YES, " übel@example.com"},
    {"alice@example.com", "übel@example.com", NO, " übel@example.com"},
    /* nothing but an exact row for what is not plain */
    {"orgadmin@example.com", "\"any body\"@example.org", NO, NULL},
    {"orgadmin@example.com", "\"anybody\"@example.org", NO, NULL},
    {"orgadmin@example.com", "ceo%example.com@example.org", NO, NULL},
    {"orgadmin@example.com", "example.com!ceo@example.org", NO, NULL},
    {"fred", "\"fred\"@example.org", YES, " fred@example.org"},
    {"fred", "\"fred+x\"@example.org", NO, NULL},
    {"alice@example.com", "\"odd local\"@example.com", YES, " \"odd local\"@example.com"},
    {"alice@example.com", "\"ODD Local\"@example.com", YES, " \"odd local\"@example.com"},
    {"john", "\"john..doe\"@example.com", YES, " john..doe@example.com"},
    {"jane", "\"jane..doe\"@example.com", YES, " \"jane..doe\"@example.com"},
    /* domains in either form */
    {"juergen@example.com", "jürgen@bücher.example", YES, " jürgen@bücher.example"},
    {"juergen@example.com", "jürgen@xn--bcher-kva.example", YES, " jürgen@bücher.example"},
    {"juergen@example.com", "jürgen+x@BÜCHER.example", YES, " jürgen@bücher.example"},
    {"info@bücher.example", "info@bücher.example", YES, " info@xn--bcher-kva.example"},
    {"info@XN--bcher-kva.example", "info@bücher.example", YES, " info@xn--bcher-kva.example"},
    {"info@bu\xcc\x88"
     "cher.example",
     "info@bücher.example", YES, " info@xn--bcher-kva.example"},
    {"a-labels", "any@bücher.example", YES, " @xn--bcher-kva.example"},
    {"a-labels", "rose@bücher.example", NO, " rose@bücher.example"},
    {"rose@xn--bcher-kva.example", "rose@bücher.example", YES, " rose@bücher.example"},
    {"jo\xcc\x88rg", "rose@bücher.example", YES, " rose@bücher.example"},
    {"jÖrg", "rose@bücher.example", NO, " rose@bücher.example"},
    {"\xe2\x84\xaa"
     "ate",
     "kate@bücher.example", NO, " kate@bücher.example"},
    {"jörg@", "rose@bücher.example", NO, " rose@bücher.example"},
    {"", "alice@example.com", NO, NULL},
    {"alice@example.com", "alice", NO, NULL},
};

static void rows_of_text(void **state)
{
    (void)state;
    fixture_write_text("senders", rows);
    const char *tables[] = {fixture_spec("texthash", "senders")};
    ASK(open_senders(tables, 1, "+", false), row_questions);
}

static void rows_of_databases(void **state)
{
    (void)state;
    fixture_write_text("senders", rows);
    const char *kinds[] = {"lmdb", "cdb"};
    for (int i = 0; i < 2; i++) {
        assert_true(fixture_postmap(kinds[i], "senders"));
        const char *tables[] = {fixture_spec(kinds[i], "senders")};
        ASK(open_senders(tables, 1, "+", false), row_questions);
    }
}

/* All tables for one key, then the next key: as maps_find within mail_addr_find. */
static void several_tables(void **state)
{
    (void)state;
    const char *tables[] = {
        "inline:{ {@example.com = first-domain} {bob@example.com = first} }",
        "inline:{ {bob@example.com = second} {carol@example.com = second} {@example.com = never} }",
    };
    static const struct question questions[] = {
        {"first", "bob@example.com", YES, "inline:2 bob@example.com"},
        {"second", "bob@example.com", NO, "inline:2 bob@example.com"},
        {"second", "carol@example.com", YES, "inline:2 carol@example.com"},
        {"first-domain", "carol@example.com", NO, "inline:2 carol@example.com"},
        {"second", "carol+x@example.com", YES, "inline:2 carol@example.com"},
        {"first-domain", "dave@example.com", YES, "inline:1 @example.com"},
        {"never", "dave@example.com", NO, "inline:1 @example.com"},
    };
    ASK(open_senders(tables, 2, "+", false), questions);
}

static void patterns(void **state)
{
    (void)state;
    fixture_write_text("patterns",
                       "/^alice@/ pattern\n/^(.*)@example\\.org$/ $1\n"
                       "/^team-(.*)@xn--bcher-kva\\.example$/ $1, lead\n/bücher/ utf\n");
    const char *tables[] = {fixture_spec("pcre", "patterns"),
                            "inline:{ {bob@example.org = bobby} {@example.com = all} }"};
    static const struct question questions[] = {
        {"pattern", "alice@example.com", YES, ":1 /^alice@/"},
        {"all", "alice@example.com", NO, ":1 /^alice@/"},
        {"all", "alice+x@example.com", YES, " @example.com"}, /* patterns see no stripped address */
        {"pattern", "alice+x@example.com", NO, " @example.com"},
        {"bob", "bob@example.org", YES, "@example\\.org$/"},
        {"bobby", "bob+x@example.org", NO, "@example\\.org$/"},
        {"bob+x", "Bob+X@example.org", YES, "@example\\.org$/"},
        {"bobby", "\"bob\"@example.org", YES, " bob@example.org"}, /* nor one that is not plain */
        {"any body", "\"any body\"@example.org", NO, NULL},
        {"lead", "team-a@bücher.example", YES, "example$/"},
        {"a", "team-a@bücher.example", YES, "example$/"},
        {"utf", "x@bücher.example", NO, NULL}, /* what they see is the A-label */
    };
    ASK(open_senders(tables, 2, "+", false), questions);
}

static void extensions(void **state)
{
    (void)state;
    static const struct question two[] = {
        {"a", "user+x-y@example.com", YES, " user@example.com"},
        {"a", "user-x+y@example.com", YES, " user@example.com"},
        {"b", "-user-x@example.com", NO, NULL},
        {"c", "owner-list@example.com", NO, NULL},
        {"d", "list-request@example.com", NO, NULL},
        {"d", "list-other@example.com", YES, " list@example.com"},
        {"e", "mailer-daemon@example.com", NO, NULL},
        {"f", "-request@example.com", NO, NULL},
    };
    const char *tables[] = {"inline:{ user@example.com=a -user@example.com=b owner@example.com=c "
                            "list@example.com=d mailer@example.com=e }"};
    ASK(open_senders(tables, 1, "+-", false), two);
}

static void case_of_local_parts(void **state)
{
    (void)state;
    fixture_write_text("case",
                       "Alice@Example.com a\nbob@example.com b\n\"Odd Local\"@example.com o\n");
    const char *tables[] = {fixture_spec("texthash", "case")};
    static const struct question questions[] = {
        {"a", "Alice@EXAMPLE.com", YES, " Alice@example.com"},
        {"a", "Alice+x@example.com", YES, " Alice@example.com"},
        {"a", "alice@example.com", NO, NULL},
        {"b", "bob@example.com", YES, " bob@example.com"},
        {"b", "Bob@example.com", NO, NULL},
        {"o", "\"Odd Local\"@example.com", YES, " \"Odd Local\"@example.com"},
        {"o", "\"odd local\"@example.com", NO, NULL},
    };
    ASK(open_senders(tables, 1, "+", true), questions);
}

static void a_failed_lookup_is_no_no(void **state)
{
    (void)state;
    fixture_write_text("runaway", "/^(a+)+$/ x\n");
    const char *tables[] = {"inline:{ {early@example.com = e} }", fixture_spec("pcre", "runaway"),
                            "inline:{ {@example.com = late} }"};
    static const struct question questions[] = {
        {"e", "early@example.com", YES, "inline:1 early@example.com"},
        {"late", "b@example.com", YES, " @example.com"},
        {"late", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", WHO_KNOWS,
         ":1 match limit exceeded"},
        {"x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", WHO_KNOWS,
         ":1 match limit exceeded"},
    };
    ASK(open_senders(tables, 3, "+", false), questions);

    fixture_write_text("cut", rows);
    assert_true(fixture_postmap("lmdb", "cut"));
    const char *cut[] = {fixture_spec("lmdb", "cut")};
    struct senders *senders = open_senders(cut, 1, "+", false);
    assert_int_equal(truncate(fixture_path("cut.lmdb"), 4096), 0);
    static const struct question cut_questions[] = {
        {"alice@example.com", "alice@example.com", WHO_KNOWS, "the file is cut short"},
        {"nobody", "x@elsewhere.example", WHO_KNOWS, "the file is cut short"},
    };
    ASK(senders, cut_questions);
}

/* Whoever made the mailbox: an A-label that is none leads to nobody else's row. */
static void false_a_labels(void **state)
{
    (void)state;
    const char *tables[] = {"inline:{ @example.com=a bücher.example=b @bücher.example=b @x=c }"};
    struct senders *senders = open_senders(tables, 1, "+", false);
    static const char *const names[] = {
        "xn--example-.com",          "xn--example.com", "xn--.com",
        "xn--Bcher-Kva.example",     "xn--x-",          "xn--bcher-kva.xn--",
        "xn--xn--bcher-kva-.example"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct arena *arena = arena_new(1 << 20);
        struct mailbox mailbox = {
            .local = BYTES("any"), .domain = bytes_of(names[i]), .plain = true};
        struct bytes source;
        assert_int_equal(senders_ask(senders, arena, BYTES("a"), &mailbox, &source), NO);
        if (source.len)
            fail_msg("%s: %s", names[i], source.data);
        arena_free(arena);
    }
    senders_free(senders);
}

static void no_memory_is_no_answer(void **state)
{
    (void)state;
    fixture_write_text("senders", rows);
    const char *tables[] = {fixture_spec("texthash", "senders")};
    struct senders *senders = open_senders(tables, 1, "+", false);
    struct arena *addresses = arena_new(1 << 20);
    struct address_list list;
    address_parse_path(addresses, BYTES("anybody+x@bücher.example"), &list);
    assert_int_equal(list.count, 1);
    enum ownership answer = OWNERSHIP_NOT_ASKED;
    for (size_t ceiling = 0; ceiling < 4000; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct bytes source;
        answer = senders_ask(senders, arena, BYTES("a-labels"), &list.mailboxes[0], &source);
        if (arena_failed(arena))
            assert_int_equal(answer, OWNERSHIP_UNAVAILABLE);
        else
            assert_int_equal(answer, OWNERSHIP_GRANTED);
        arena_free(arena);
    }
    assert_int_equal(answer, OWNERSHIP_GRANTED);
    arena_free(addresses);
    senders_free(senders);
}

static void one_bad_table_opens_none(void **state)
{
    (void)state;
    const char *tables[] = {"inline:{a=b}", "texthash:/nonexistent/senders", "inline:{c=d}"};
    struct senders_options options = {.tables = {tables, 3}, .site = &site};
    struct senders *senders = NULL;
    struct error error;
    assert_false(senders_open(&options, &senders, &error));
    assert_non_null(strstr(error.text, "/nonexistent/senders: there is no such file"));
    assert_null(senders);
    senders_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_tables),
        cmocka_unit_test(rows_of_text),
        cmocka_unit_test(rows_of_databases),
        cmocka_unit_test(several_tables),
        cmocka_unit_test(patterns),
        cmocka_unit_test(extensions),
        cmocka_unit_test(case_of_local_parts),
        cmocka_unit_test(a_failed_lookup_is_no_no),
        cmocka_unit_test(false_a_labels),
        cmocka_unit_test(no_memory_is_no_answer),
        cmocka_unit_test(one_bad_table_opens_none),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
