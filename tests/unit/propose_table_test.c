/* submilterctl propose senders: from records to a table that tables/texthash reads, and to what it
 * then grants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/propose/new_file.h"
#include "ctl/propose/proposal.h"
#include "tests/unit/conf_load.h"
#include "tests/unit/history_fixture.h"

#define LINES_MAX 2000

/* Records as they are collected, the settings, and what came of them. */
struct scene {
    char *lines[LINES_MAX];
    size_t line_count;
    struct settings *settings;
    struct senders *senders;
    struct history *history;
    struct proposal proposal;
    char *table;
};

static struct senders *open_senders(const struct settings *settings, const char *const *tables,
                                    size_t count)
{
    struct senders *senders;
    struct error error;
    const struct senders_options options = {
        .tables = {tables, count},
        .extensions = settings->senders.extensions,
        .recipient_delimiter = settings->senders.recipient_delimiter,
        .case_sensitive_local = settings->senders.case_sensitive_local,
        .site = &settings->site,
    };
    if (!senders_open(&options, &senders, &error))
        fail_msg("%s", error.text);
    return senders;
}

/* rows NULL: there is no table. */
static void begin(struct scene *scene, const char *rows, const char *more)
{
    char text[1000];
    *scene = (struct scene){0};
    const char *path = fixture_path("senders");
    if (rows)
        fixture_write(path, &rows, 1);
    snprintf(text, sizeof text,
             "domains = [ \"example.com\", \"example.org\" ];\n"
             "senders: { tables = [ %s%s%s ]; %s };\n",
             rows ? "\"texthash:" : "", rows ? path : "", rows ? "\"" : "", more);
    scene->settings = conf_load(text);
    scene->senders = open_senders(scene->settings, scene->settings->senders.tables.items,
                                  scene->settings->senders.tables.count);
}

/* JSON texts, escaped by whoever writes them here. address "": mail in its own name. */
static void mail(struct scene *scene, int day, const char *login, const char *network,
                 const char *address, int recipients)
{
    char id[30], time[40], keys[3000];
    assert_true(scene->line_count < LINES_MAX);
    snprintf(id, sizeof id, "%026zu", scene->line_count);
    snprintf(time, sizeof time, "2026-11-%02dT10:%02zu:00.000Z", day, scene->line_count % 60);
    snprintf(keys, sizeof keys,
             "\"login\":\"%s\",\"client\":\"%s\",\"rcpt_count\":%d,"
             "\"verdicts\":[{\"rule\":\"from\",\"outcome\":\"%s\",\"mode\":\"observe\","
             "\"reason\":\"not-owned\",\"action\":\"reject\",\"fact\":\"%s\"}],"
             "\"identities\":[{\"kind\":\"mail_from\",\"address\":\"%s\",\"ownership\":\"%s\"},"
             "{\"kind\":\"from\",\"address\":\"%s\",\"ownership\":\"%s\"},"
             "{\"kind\":\"display_name\",\"address\":\"shown@example.com\","
             "\"ownership\":\"denied\"}],",
             login, network, recipients, *address ? "violation" : "pass", address,
             *address ? address : "own@example.com", *address ? "denied" : "granted",
             *address ? address : "own@example.com", *address ? "denied" : "granted");
    scene->lines[scene->line_count++] = fixture_record(id, time, "accept", keys);
}

/* Three weeks of it, beside mail in the login's own name. */
static void habit(struct scene *scene, const char *login, const char *address)
{
    for (int day = 1; day <= 20; day += 2) {
        mail(scene, day, login, "192.0.2.7", "", 1);
        mail(scene, day, login, "192.0.2.8", address, 1);
    }
}

static void burst(struct scene *scene, const char *login, const char *address)
{
    for (int i = 0; i < 10; i++)
        mail(scene, 20, login, "203.0.113.9", address, 50);
}

static void propose(struct scene *scene)
{
    struct error error;
    size_t len;
    scene->history = fixture_history((const char *const *)scene->lines, scene->line_count);
    scene->proposal.settings = scene->settings;
    if (!proposal_make(&scene->proposal, scene->history, scene->senders, &error))
        fail_msg("%s", error.text);
    FILE *out = open_memstream(&scene->table, &len);
    assert_non_null(out);
    if (!proposal_write_table(&scene->proposal, out, &error))
        fail_msg("%s", error.text);
    assert_int_equal(fclose(out), 0);
}

static void end(struct scene *scene)
{
    proposal_done(&scene->proposal);
    history_close(scene->history);
    senders_free(scene->senders);
    settings_unref(scene->settings);
    for (size_t i = 0; i < scene->line_count; i++)
        free(scene->lines[i]);
    free(scene->table);
    fixture_done();
}

static void says(const struct scene *scene, const char *text)
{
    if (!strstr(scene->table, text))
        fail_msg("it does not say \"%s\":\n%s", text, scene->table);
}

static void says_not(const struct scene *scene, const char *text)
{
    if (strstr(scene->table, text))
        fail_msg("it says \"%s\":\n%s", text, scene->table);
}

/* Lines that are no comments. */
static size_t row_count(const struct scene *scene)
{
    size_t count = 0;
    for (const char *at = scene->table; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : 0)
        count += *at != '#' && *at != '\n';
    return count;
}

/* Today's tables with the proposed one before them. more: one behind them, or NULL. */
static struct senders *with_table(const struct scene *scene, const char *more)
{
    char spec[300], today[300];
    const char *path = fixture_path("proposed");
    const char *const text = scene->table;
    fixture_write(path, &text, 1);
    snprintf(spec, sizeof spec, "texthash:%s", path);
    const char *tables[3] = {spec, NULL, NULL};
    size_t count = 1;
    if (scene->settings->senders.tables.count) {
        snprintf(today, sizeof today, "%s", scene->settings->senders.tables.items[0]);
        tables[count++] = today;
    }
    if (more)
        tables[count++] = more;
    return open_senders(scene->settings, tables, count);
}

static bool may(const struct senders *senders, const char *login, const char *address)
{
    struct arena *arena = arena_new(1 << 20);
    struct mailbox mailbox;
    struct bytes source;
    assert_true(address_parse_plain(arena, bytes_of(address), &mailbox));
    enum ownership ownership = senders_ask(senders, arena, bytes_of(login), &mailbox, &source);
    arena_free(arena);
    return ownership == OWNERSHIP_GRANTED;
}

static void test_the_table_grants_habits(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene,
          "support@example.com bob\n"
          "@example.org carol, /dev/null\n"
          "alice@example.com alice\n",
          "");
    habit(&scene, "alice", "support@example.com");
    habit(&scene, "alice", "info@example.org");
    habit(&scene, "alice", "new@example.com");
    burst(&scene, "alice", "ceo@example.com");
    burst(&scene, "alice", "sales@example.com");
    habit(&scene, "erin", "sales@example.com");
    propose(&scene);
    struct senders *after = with_table(&scene, NULL);
    assert_true(may(after, "alice", "support@example.com"));
    assert_true(may(after, "bob", "support@example.com"));
    assert_true(may(after, "bob", "support+x@example.com"));
    assert_true(may(after, "alice", "info@example.org"));
    assert_true(may(after, "carol", "info@example.org"));
    assert_true(may(after, "carol", "else@example.org"));
    assert_false(may(after, "alice", "else@example.org"));
    assert_true(may(after, "alice", "new@example.com"));
    assert_true(may(after, "alice", "alice@example.com"));
    assert_true(may(after, "erin", "sales@example.com"));
    assert_false(may(after, "alice", "sales@example.com"));
    assert_false(may(after, "alice", "ceo@example.com"));
    assert_false(may(after, "alice", "shown@example.com"));
    senders_free(after);
    assert_int_equal(row_count(&scene), 4);
    assert_int_equal(proposal_rows(&scene.proposal), 4);
    assert_int_equal(proposal_suspects(&scene.proposal), 2);
    says(&scene, "\nsupport@example.com\tbob, alice\n");
    says(&scene, "\ninfo@example.org\tcarol, /dev/null, alice\n");
    says(&scene, "\n#? ceo@example.com\talice\n");
    says(&scene, "\n#? sales@example.com\terin, alice\n");
    says(&scene, "#   10 messages to 10 recipients, on 10 days, ");
    says(&scene, "#   without it the rule from would have refused 10\n");
    says(&scene, "# today it is for bob, by texthash:");
    says(&scene, "+50 strange-network: ");
    says_not(&scene, "shown@");
    end(&scene);
}

static void test_what_is_in_force_is_left_out(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "support@example.com bob, alice\n", "");
    habit(&scene, "alice", "support@example.com");
    mail(&scene, 3, "alice", "192.0.2.7", "rare@example.com", 1);
    habit(&scene, "alice", "new@example.com");
    scene.proposal.least_messages = 2;
    propose(&scene);
    says_not(&scene, "support@");
    says_not(&scene, "rare@");
    says(&scene, "\nnew@example.com\talice\n");
    says(&scene, "# Left out: 1 that today's tables grant");
    says(&scene, "# Left out: 1 with fewer than 2 messages");
    end(&scene);
}

static void test_extensions(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "own+x@example.com bob\n", "");
    for (int i = 0; i < 5; i++) {
        char address[50];
        snprintf(address, sizeof address, "list+%d@example.com", i);
        habit(&scene, "alice", address);
    }
    habit(&scene, "alice", "one+a@example.com");
    habit(&scene, "alice", "both@example.com");
    habit(&scene, "alice", "both+b@example.com");
    habit(&scene, "alice", "own+x@example.com");
    habit(&scene, "alice", "own+y@example.com");
    habit(&scene, "alice", "own+z@example.com");
    propose(&scene);
    says(&scene, "\nlist@example.com\talice\n");
    says(&scene, "as 5 addresses with an extension\n");
    says(&scene, "\none+a@example.com\talice\n");
    says(&scene, "\nboth@example.com\talice\n");
    /* A row for own@ would not hold for it, as it has one of its own. */
    says(&scene, "\nown+x@example.com\tbob, alice\n");
    says(&scene, "\nown+y@example.com\talice\n");
    assert_int_equal(row_count(&scene), 6);
    struct senders *after = with_table(&scene, NULL);
    assert_true(may(after, "alice", "list+3@example.com"));
    assert_true(may(after, "alice", "own+x@example.com"));
    assert_false(may(after, "alice", "one@example.com"));
    senders_free(after);
    end(&scene);
}

static void test_no_extensions(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "own@example.com own\n", "extensions = false;");
    for (int i = 0; i < 5; i++) {
        char address[50];
        snprintf(address, sizeof address, "list+%d@example.com", i);
        habit(&scene, "alice", address);
    }
    propose(&scene);
    assert_int_equal(row_count(&scene), 5);
    says(&scene, "\nlist+3@example.com\talice\n");
    says(&scene, "# alice has 5 addresses of example.com.\n");
    says_not(&scene, "\n@example.com");
    end(&scene);
}

/* JSON escapes on the left; what must be nowhere in a row. */
static void test_hostile_text_stays_in_comments(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "#x@example.com",
        "\\\"a b\\\"@example.com",
        "\xc3\x89@example.com",
        "x@example.com\\nroot@example.com root",
        "x@example.com\\troot",
        "\\u202ex@example.com",
        "a\\u200bb@example.com",
        "x\\ufffdy@example.com",
        "@example.com",
        "root",
        "a..b@example.com",
        "\\u0000@example.com",
        "x@[192.0.2.1]",
        "a,b@example.com",
        "x@example.com,y@example.com",
        "\\u001b[2J@example.com",
    };
    static const char *const logins[] = {
        "a,b", "a b", "a\\nroot@example.com root", "\\u202ea", "a\\tb", "x\\ufffd", "a\\u001b[2J"};
    struct scene scene;
    begin(&scene, "own@example.com own\n", "");
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        habit(&scene, "alice", addresses[i]);
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
        habit(&scene, logins[i], "sales@example.com");
    habit(&scene, "alice", "good@example.com");
    habit(&scene, "\xc3\xa9ve", "\xc3\xa9ve@example.com");
    propose(&scene);
    struct senders *after = with_table(&scene, NULL);
    assert_true(may(after, "alice", "good@example.com"));
    assert_true(may(after, "\xc3\xa9ve", "\xc3\xa9ve@example.com"));
    assert_false(may(after, "root", "root@example.com"));
    senders_free(after);
    if (row_count(&scene) != 2)
        for (char *at = scene.table, *line; (line = strsep(&at, "\n"));)
            if (*line && *line != '#')
                print_error("%s\n", line);
    assert_int_equal(row_count(&scene), 2);
    says(&scene, "\\x0aroot@example.com root");
    says(&scene, "a row that begins with # is a comment");
    says(&scene, "its local part has to be quoted");
    for (const char *at = scene.table; *at; at++)
        if ((unsigned char)*at < ' ' && *at != '\n' && *at != '\t')
            fail_msg("a control character: %s", at - 20);
    end(&scene);
}

/* The patterns that the advice gives, as a table. */
static const char *pattern_table(const struct scene *scene)
{
    static char spec[300];
    const char *path = fixture_path("own.pcre");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    size_t count = 0;
    for (const char *at = strstr(scene->table, "#     /^"); at; at = strstr(at + 1, "#     /^")) {
        fprintf(file, "%.*s\n", (int)strcspn(at + 6, "\n"), at + 6);
        count++;
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(count, 2);
    snprintf(spec, sizeof spec, "pcre:%s", path);
    return spec;
}

/* A first table ends what holds without one; with the patterns beside it nothing is lost, and
 * nothing granted but what is proposed. */
static void check_without_tables(const char *more)
{
    static const char *const logins[] = {
        "alice",  "bob", "bob@example.com", "bob@example.net", "bob@sub.example.com",
        "xample", "Bob"};
    static const char *const addresses[] = {
        "alice@example.com",  "alice@example.org",   "alice@example.net",  "bob@example.com",
        "bob+x@example.com",  "bob-x@example.com",   "bob@example.net",    "bob+x@example.net",
        "bob@exampleXcom.de", "bob@sub.example.com", "xample@example.com", "bob@example.comx",
        "BOB@example.com",    "alicebob@example.com"};
    struct scene scene;
    begin(&scene, NULL, more);
    habit(&scene, "alice", "bob@example.com");
    propose(&scene);
    says(&scene, "# today it is for who logs in as bob@example.com, bob\n");
    says(&scene, "\nbob@example.com\tbob@example.com, bob, alice\n");
    struct senders *after = with_table(&scene, pattern_table(&scene));
    for (size_t l = 0; l < sizeof logins / sizeof *logins; l++)
        for (size_t a = 0; a < sizeof addresses / sizeof *addresses; a++) {
            bool before = may(scene.senders, logins[l], addresses[a]);
            bool proposed =
                strcmp(logins[l], "alice") == 0 && strcasecmp(addresses[a], "bob@example.com") == 0;
            if (may(after, logins[l], addresses[a]) != (before || proposed))
                fail_msg("%s as %s (%s)", logins[l], addresses[a], more);
        }
    senders_free(after);
    end(&scene);
}

static void test_without_tables(void **state)
{
    (void)state;
    check_without_tables("");
    check_without_tables("recipient_delimiter = \"+-\";");
    check_without_tables("extensions = false;");
}

/* Another's mailbox: by the login's name, and by whose mail it mostly is. */
static void test_whose_it_is(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "own@example.com bob, carol\n", "");
    for (int day = 1; day < 20; day++) {
        mail(&scene, day, "boss", "192.0.2.1", "", 1);
        mail(&scene, day, "carol", "192.0.2.1", "", 1);
        mail(&scene, day, "alice", "192.0.2.1", "", 1);
    }
    mail(&scene, 3, "alice", "192.0.2.1", "boss@example.com", 1);
    mail(&scene, 6, "alice", "192.0.2.1", "own@example.com", 1);
    mail(&scene, 9, "alice", "192.0.2.1", "alice@example.com", 1);
    mail(&scene, 12, "alice", "192.0.2.1", "alice@ex\xd0\xb0mple.com", 1);
    propose(&scene);
    says(&scene, "another-login: it is another person's");
    says(&scene, "#   that other login: boss\n");
    says(&scene, "main-of-another: another login sends most of its mail as it");
    says(&scene, "own-name: it is the login's own name");
    says(&scene, "\n#? boss@example.com\talice\n");
    says(&scene, "\nown@example.com\tbob, carol, alice\n");
    says(&scene, "\nalice@example.com\talice\n");
    end(&scene);
}

static void test_nobody(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "own@example.com own\n", "");
    mail(&scene, 5, "alice", "192.0.2.1", "", 1);
    propose(&scene);
    assert_int_equal(row_count(&scene), 0);
    says(&scene, "# 0 rows; 0 are commented out");
    end(&scene);
}

static void test_new_file(void **state)
{
    (void)state;
    const char *path = fixture_path("new");
    const char *link_path = fixture_path("link");
    char *whole;
    struct error error;
    struct stat status;
    assert_true(new_file_path(path, &whole, &error));
    assert_string_equal(whole, path);
    mode_t mask = umask(077);
    assert_true(new_file_write(whole, 0644, BYTES("a b\n"), &error));
    umask(mask);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_int_equal(status.st_size, 4);
    assert_false(new_file_write(whole, 0644, BYTES("other\n"), &error));
    assert_non_null(strstr(error.text, "is there already"));
    free(whole);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_false(new_file_path(path, &whole, &error));
    /* not even where nothing is behind the link */
    assert_int_equal(symlink("/nowhere/at/all", link_path), 0);
    assert_false(new_file_path(link_path, &whole, &error));
    assert_false(new_file_write(link_path, 0644, BYTES("x\n"), &error));
    assert_false(new_file_path("/nowhere/at/all/new", &whole, &error));
    assert_non_null(strstr(error.text, "/nowhere/at/all: No such file"));
    assert_false(new_file_path(fixture_path(""), &whole, &error));
    assert_false(new_file_path("/tmp/..", &whole, &error));
    unlink(path);
    unlink(link_path);
    fixture_done();
    /* nothing was left beside it: the folder could be removed */
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_grants_habits),
        cmocka_unit_test(test_what_is_in_force_is_left_out),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_no_extensions),
        cmocka_unit_test(test_hostile_text_stays_in_comments),
        cmocka_unit_test(test_without_tables),
        cmocka_unit_test(test_whose_it_is),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_new_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
