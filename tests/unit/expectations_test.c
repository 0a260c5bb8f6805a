/* Expectations under a configuration: which hold, what is said of those that don't, and what the
 * whole of them says to a start and a reload. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/expectations.h"
#include "tests/unit/dkim_help.h"

#define NOW 1790000000000LL

static const char configuration[] =
    "domains = [ \"example.com\", \"example.org\" ];\n"
    "user = \"%s\";\n"
    "senders: { tables = [ \"texthash:%s/senders\", \"pcre:%s/patterns\" ]; };\n"
    "dkim: { keys = \"%s\"; };\n"
    "listeners: (\n"
    "  { name = \"mx\"; ports = [ 25 ]; policy = \"inbound\"; },\n"
    "  { name = \"hold\"; clients = [ \"10.0.0.0/8\" ]; policy = \"hold\"; },\n"
    "  { name = \"submission\"; ports = [ 587 ]; policy = \"submission\"; },\n"
    "  { name = \"local\"; clients = [ \"127.0.0.0/8\", \"::1/128\" ]; policy = \"local\"; }\n"
    ");\n"
    "groups: ( { name = \"lab\"; logins = [ \"@lab.example.com\" ];\n"
    "            rules: { tls: { mode = \"observe\"; }; auth: { mode = \"off\"; }; }; } );\n"
    "policies: {\n"
    "  submission: { recipients: { max = 3; };\n"
    "                date: { mode = \"off\"; }; privacy: { mode = \"observe\"; }; };\n"
    "  hold: { base = \"submission\"; envelope: { action = \"tempfail\"; };\n"
    "          from: { action = \"quarantine\"; }; sender: { mode = \"observe\"; }; };\n"
    "};\n";

static struct help_keys keys;
static struct snapshot *snapshot;

static const char *path_of(const char *name)
{
    static char path[2][200];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", keys.folder, name);
    return path[turn];
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void load(const char *more)
{
    char text[4000];
    struct error error;
    int len = snprintf(text, sizeof text, configuration, getpwuid(geteuid())->pw_name, keys.folder,
                       keys.folder, keys.folder);
    snprintf(text + len, sizeof text - (size_t)len, "%s", more);
    put("submilter.conf", text);
    snapshot_unref(snapshot);
    snapshot = NULL;
    if (!snapshot_load(path_of("submilter.conf"), NULL, &snapshot, &error))
        fail_msg("%s", error.text);
}

static int begin(void **state)
{
    (void)state;
    help_keys_new(&keys, true, true);
    put("senders", "alice@example.com alice@example.com, alice\n"
                   "sales@example.com alice@example.com, bob@example.com\n"
                   "carol@example.org alice@example.com\n"
                   "bob@example.com bob@example.com\n"
                   "@lab.example.com x@lab.example.com\n");
    put("patterns", "/^(z+)+$/ alice@example.com\n");
    load("");
    return 0;
}

static int end(void **state)
{
    (void)state;
    snapshot_unref(snapshot);
    help_keys_free(&keys);
    return 0;
}

static const char *const holding[] = {
    "alice@example.com: accepted, policy submission, listener submission",
    "alice: accepted", /* as alice@ the first of domains */
    "alice from alice+lists@example.com over TLSv1.2: accepted",
    "alice@example.com from bob@example.com over TLS: refused from.not-owned",
    "alice@example.com from bob@example.com: refused envelope.not-owned, refused from, refused",
    "alice@example.com from bob@example.com mail-from alice@example.com: refused from.not-owned",
    "alice@example.com from <sales@example.com> sender <alice@example.com> mail-from <> on "
    "submission client 192.0.2.7 using PLAIN: accepted, signed by example.com",
    "alice@example.com sender bob@example.com: refused sender.not-owned",
    "alice@example.com from alice@example.com, sales@example.com sender alice@example.com: "
    "accepted",
    "alice@example.com from alice@example.com, bob@example.com sender alice@example.com: refused "
    "from",
    "nobody from x@example.net: refused auth.none",
    "nobody from x@example.net over TLSv1.1: refused auth.none, refused tls.version",
    "nobody from x@example.com to 3 recipients port 25: refused local_spoof.from, listener mx",
    "nobody from x@example.net port 25 without TLS: accepted, policy inbound, not signed",
    "nobody from x@example.com on local: accepted, policy local",
    "nobody from root@example.com locally: accepted, listener local, signed",
    "nobody from root@example.net locally: refused from.not-ours",
    "nobody without From mail-from root@example.com locally: refused from.missing",
    "alice port 25: listener submission", /* who has logged in is submission everywhere */
    "alice without TLS: refused tls.none, refused auth.clear-password",
    "alice over TLSv1: refused tls",
    "alice bits 56: refused tls.cipher-bits",
    "alice using CRAM-MD5: refused auth.mechanism",
    "alice to 3 recipients: accepted",
    "alice to 4 recipients: deferred recipients.too-many, deferred",
    "alice to a@example.net, b@example.net: accepted",
    "alice to \"<a@b@c>\": refused recipients",
    "alice without Message-ID: fixed message_id.missing, fixed message_id, accepted",
    "alice field \"Message-ID: <x@example.com>\" field \"Message-ID: <y@example.com>\": refused "
    "header_once.repeated",
    "alice field \"Subject : x\": refused header_syntax.space-before-colon",
    "alice from \"\\\"bob@example.com\\\" <alice@example.com>\": would be refused "
    "display_name.other-address, accepted",
    "alice from \"\\\"bob@example.com\\\" <alice@example.com>\": would be refused",
    "alice field \"X-Mailer: x\": would be fixed privacy, accepted",
    "x@lab.example.com without TLS: would be refused tls.none, accepted, policy submission",
    "alice client 10.1.2.3 port 10025: policy hold, listener hold, accepted",
    "alice client 10.1.2.3 from bob@example.com mail-from alice@example.com: quarantined "
    "from.not-owned, quarantined, signed",
    "alice client 10.1.2.3 from bob@example.com: deferred envelope.not-owned",
    "alice client 10.1.2.3 from bob@example.com to \"<a@b@c>\": deferred", /* at MAIL */
    "alice client 10.1.2.3 sender bob@example.com: would be refused sender.not-owned, accepted",
    "alice@example.com: signed, signed by example.com/rsa, signed by EXAMPLE.com/ed",
    "alice@example.com from carol@example.org: deferred dkim.no-key",
    "alice@example.com from \xc3\xbc@example.com: refused from",
};

static const struct {
    const char *line;
    const char *unmet;
    const char *happens; /* how it begins */
} broken[] = {
    {"alice from bob@example.com: policy submission, accepted", "accepted",
     "refused envelope.not-owned, refused from.not-owned, policy submission, listener submission; "
     "553 5.7.1 alice may not send as <bob@example.com> (MAIL FROM): "},
    {"alice: refused", "refused", "accepted, policy submission, listener submission"},
    {"alice from bob@example.com: refused from.not-ours", "refused from.not-ours",
     "refused envelope"},
    {"alice without TLS: refused auth.none", "refused auth.none",
     "refused tls.none, refused auth.clear-password, policy"},
    {"alice to 4 recipients: refused", "refused", "deferred recipients.too-many, policy"},
    {"alice without TLS: deferred", "deferred", "refused tls.none"},
    {"alice without Date: fixed date", "fixed date",
     "accepted, policy submission, listener submission; rule date is off in policy submission"},
    {"alice from \"\\\"bob@example.com\\\" <alice@example.com>\": refused display_name",
     "refused display_name",
     "accepted, would be refused display_name.other-address, policy submission, listener "
     "submission; rule display_name only observes in policy submission"},
    {"alice from bob@example.com: would be refused from.not-owned",
     "would be refused from.not-owned",
     "refused envelope.not-owned, refused from.not-owned, policy submission, listener submission; "
     "rule from is enforced in policy submission; 553 5.7.1 "},
    {"alice without TLS without Message-ID: fixed message_id", "fixed message_id",
     "refused tls.none"},
    {"alice without TLS: not signed", "not signed", "refused tls.none, refused auth"},
    {"alice: not signed", "not signed", "accepted, signed by example.com/"},
    {"alice: signed by example.com/other", "signed by example.com/other", "accepted, signed by"},
    {"alice: signed by example.org", "signed by example.org", "accepted, signed by example.com/"},
    {"nobody from x@example.net port 25: signed", "signed", "accepted, not signed, policy inbound"},
    {"alice: policy hold", "policy hold", "accepted, policy submission"},
    {"alice: listener hold", "listener hold", "accepted, policy submission"},
    {"alice client 10.1.2.3 from bob@example.com mail-from alice@example.com: accepted", "accepted",
     "quarantined from.not-owned, policy hold, listener hold"},
};

static const struct {
    const char *line;
    const char *happens; /* how it ends */
} untold[] = {
    {"alice on submision: accepted", "did you mean \"submission\"?"},
    {"alice on \"\xc3\xbc\": refused", "/submilter.conf"},
    {"alice@example.com from zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz@example.com: deferred",
     "match limit exceeded"},
};

static struct finding judge(const char *line, struct arena *arena)
{
    struct expectation expectation;
    struct finding finding;
    struct error error;
    bool any;
    if (!expectation_parse("FILE", 1, bytes_of(line), arena, &any, &expectation, &error))
        fail_msg("%s", error.text);
    assert_true(any);
    expectation_judge(&expectation, snapshot, NOW, arena, &finding);
    return finding;
}

static void what_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof holding / sizeof *holding; i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct finding finding = judge(holding[i], arena);
        if (finding.result != EXPECTATION_HOLDS)
            fail_msg("%s: it would be %s", holding[i], finding.happens);
        arena_free(arena);
    }
}

static void what_is_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct finding finding = judge(broken[i].line, arena);
        if (finding.result != EXPECTATION_BROKEN)
            fail_msg("%s: %s", broken[i].line, finding.happens ? finding.happens : "holds");
        if (strncmp(finding.happens, broken[i].happens, strlen(broken[i].happens)) != 0 ||
            strchr(finding.happens, '['))
            fail_msg("%s: %s", broken[i].line, finding.happens);
        if (!bytes_equal(finding.unmet, bytes_of(broken[i].unmet)))
            fail_msg("%s: %.*s", broken[i].line, (int)finding.unmet.len, finding.unmet.data);
        arena_free(arena);
    }
}

static void what_cannot_be_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof untold / sizeof *untold; i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct finding finding = judge(untold[i].line, arena);
        if (finding.result != EXPECTATION_UNTOLD ||
            !bytes_end_with_nocase(bytes_of(finding.happens), bytes_of(untold[i].happens)))
            fail_msg("%s: %s", untold[i].line, finding.happens ? finding.happens : "holds");
        arena_free(arena);
    }
}

static void a_finding_has_its_parts(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    struct finding finding = judge("alice without TLS: accepted", arena);
    assert_int_equal(finding.action, ACTION_REJECT);
    assert_string_equal(finding.rule, "tls");
    assert_string_equal(finding.reason, "none");
    assert_string_equal(finding.policy, "submission");
    assert_string_equal(finding.listener, "submission");
    assert_memory_equal(finding.reply, "530 5.7.0 Must issue", 20);
    arena_free(arena);
}

/* --- files ------------------------------------------------------------------------------------ */

/* What a reload would say; NULL: all is well. FOLDER stands for the folder. */
static const char *complaint(struct expectations_tally *ret_tally)
{
    static struct error error;
    if (expectations_check(snapshot, NOW, ret_tally, &error))
        return NULL;
    for (char *at; (at = strstr(error.text, keys.folder));) {
        memmove(at + 6, at + strlen(keys.folder), strlen(at + strlen(keys.folder)) + 1);
        memcpy(at, "FOLDER", 6);
    }
    return error.text;
}

static void check_files(const char *first, const char *second, const char *expected)
{
    char more[600];
    struct expectations_tally tally;
    put("first", first);
    put("second", second);
    snprintf(more, sizeof more, "expectations = [ \"%s/first\", \"%s/second\" ];\n", keys.folder,
             keys.folder);
    load(more);
    const char *found = complaint(&tally);
    if (!expected && found)
        fail_msg("%s", found);
    if (expected && (!found || strncmp(found, expected, strlen(expected)) != 0))
        fail_msg("%s\nnot  %s", found ? found : "all is well", expected);
}

static void no_files(void **state)
{
    (void)state;
    struct expectations_tally tally;
    load("");
    assert_null(complaint(&tally));
    assert_int_equal(tally.held + tally.broken + tally.untold, 0);
}

static void files_that_hold(void **state)
{
    (void)state;
    struct expectations_tally tally;
    check_files("\xef\xbb\xbf# two\r\n\r\nalice: accepted\r\nalice without TLS: refused\r\n",
                "alice: signed", NULL);
    assert_null(complaint(&tally));
    assert_int_equal(tally.held, 3);
    check_files("", "", NULL);
}

static void files_that_do_not(void **state)
{
    (void)state;
    check_files(
        "alice: accepted\n\nalice: refused from # x\n", "alice: deferred\n",
        "FOLDER/first:3: \"alice: refused from\" does not hold: it would be accepted, policy "
        "submission, listener submission (and 1 more: submilterctl check shows them)");
    check_files("alice: accepted\n", "alice on x: accepted\nalice: refused\n",
                "FOLDER/second:2: \"alice: refused\" does not hold: it would be accepted, policy "
                "submission, listener submission");
    check_files(
        "alice on x: accepted", "",
        "FOLDER/first:1: it cannot be told whether \"alice on x: accepted\" holds: there is "
        "no listener \"x\" in FOLDER/submilter.conf");
    check_files("alice: accepted\n", "alice: accepted\nalice: acepted",
                "FOLDER/second:2: there is no outcome \"acepted\"; did you mean \"accepted\"?");
    check_files("alice: accepted\n", "alice from b@c.de\v: accepted",
                "FOLDER/second:1: there is a control character (0x0b) in the line");
}

static void a_file_that_is_not_there(void **state)
{
    (void)state;
    struct expectations_tally tally;
    load("expectations = \"/nonexistent/expectations\";\n");
    const char *found = complaint(&tally);
    assert_non_null(found);
    assert_memory_equal(found, "/nonexistent/expectations: there is no such file", 48);
    assert_int_equal(tally.broken + tally.untold, 0);
}

/* Whatever their length: cut, and the number of the others behind it. */
static void long_lines_are_cut(void **state)
{
    (void)state;
    struct expectations_tally tally;
    char line[600];
    char *at = line + sprintf(line, "alice field \"Subjects: ");
    for (int i = 0; i < 160; i++)
        at += sprintf(at, "\xc3\xbc");
    sprintf(at, "\": refused\nalice: refused\n");
    check_files(line, "", "FOLDER/first:1: \"alice field ");
    const char *found = complaint(&tally);
    assert_true(bytes_end_with_nocase(bytes_of(found),
                                      BYTES("(and 1 more: submilterctl check shows them)")));
    assert_non_null(strstr(found, "\xc3\xbc\" does not hold: it would be accepted"));
    assert_int_equal(tally.broken, 2);
}

static void too_many(void **state)
{
    (void)state;
    struct expectations_tally tally;
    FILE *file = fopen(path_of("first"), "w");
    assert_non_null(file);
    for (int i = 0; i <= EXPECTATIONS_MAX; i++)
        fputs("alice: accepted\n", file);
    assert_int_equal(fclose(file), 0);
    char more[300];
    snprintf(more, sizeof more, "expectations = \"%s\";\n", path_of("first"));
    load(more);
    assert_string_equal(complaint(&tally), "FOLDER/first:20001: more than 20000 expectations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds),
        cmocka_unit_test(what_is_broken),
        cmocka_unit_test(what_cannot_be_told),
        cmocka_unit_test(a_finding_has_its_parts),
        cmocka_unit_test(no_files),
        cmocka_unit_test(files_that_hold),
        cmocka_unit_test(files_that_do_not),
        cmocka_unit_test(a_file_that_is_not_there),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
