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
#include "tests/unit/history_fixture.h"
#include "tests/unit/proposal_scene.h"

static void test_the_table_grants_habits(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene,
                "support@example.com bob\n"
                "@example.org carol, /dev/null\n"
                "alice@example.com alice\n",
                "");
    scene_habit(&scene, "alice", "support@example.com");
    scene_habit(&scene, "alice", "info@example.org");
    scene_habit(&scene, "alice", "new@example.com");
    scene_burst(&scene, "alice", "ceo@example.com");
    scene_burst(&scene, "alice", "sales@example.com");
    scene_habit(&scene, "erin", "sales@example.com");
    scene_propose(&scene);
    struct senders *after = scene_with_table(&scene, NULL);
    assert_true(scene_may(after, "alice", "support@example.com"));
    assert_true(scene_may(after, "bob", "support@example.com"));
    assert_true(scene_may(after, "bob", "support+x@example.com"));
    assert_true(scene_may(after, "alice", "info@example.org"));
    assert_true(scene_may(after, "carol", "info@example.org"));
    assert_true(scene_may(after, "carol", "else@example.org"));
    assert_false(scene_may(after, "alice", "else@example.org"));
    assert_true(scene_may(after, "alice", "new@example.com"));
    assert_true(scene_may(after, "alice", "alice@example.com"));
    assert_true(scene_may(after, "erin", "sales@example.com"));
    assert_false(scene_may(after, "alice", "sales@example.com"));
    assert_false(scene_may(after, "alice", "ceo@example.com"));
    assert_false(scene_may(after, "alice", "shown@example.com"));
    senders_free(after);
    assert_int_equal(scene_row_count(&scene), 4);
    assert_int_equal(proposal_rows(&scene.proposal), 4);
    assert_int_equal(proposal_suspects(&scene.proposal), 2);
    scene_says(&scene, "\nsupport@example.com\tbob, alice\n");
    scene_says(&scene, "\ninfo@example.org\tcarol, /dev/null, alice\n");
    scene_says(&scene, "\n#? ceo@example.com\talice\n");
    scene_says(&scene, "\n#? sales@example.com\terin, alice\n");
    scene_says(&scene, "#   10 messages to 10 recipients, on 10 days, ");
    scene_says(&scene, "#   without it the rule from would have refused 10\n");
    scene_says(&scene, "# today it is for bob, by texthash:");
    scene_says(&scene, "+50 strange-network: ");
    scene_says_not(&scene, "shown@");
    scene_end(&scene);
}

static void test_what_is_in_force_is_left_out(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "support@example.com bob, alice\n", "");
    scene_habit(&scene, "alice", "support@example.com");
    scene_mail(&scene, 3, "alice", "192.0.2.7", "rare@example.com", 1);
    scene_habit(&scene, "alice", "new@example.com");
    scene.proposal.least_messages = 2;
    scene_propose(&scene);
    scene_says_not(&scene, "support@");
    scene_says_not(&scene, "rare@");
    scene_says(&scene, "\nnew@example.com\talice\n");
    scene_says(&scene, "# Left out: 1 that today's tables grant");
    scene_says(&scene, "# Left out: 1 with fewer than 2 messages");
    scene_end(&scene);
}

static void test_extensions(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "own+x@example.com bob\n", "");
    for (int i = 0; i < 5; i++) {
        char address[50];
        snprintf(address, sizeof address, "list+%d@example.com", i);
        scene_habit(&scene, "alice", address);
    }
    scene_habit(&scene, "alice", "one+a@example.com");
    scene_habit(&scene, "alice", "both@example.com");
    scene_habit(&scene, "alice", "both+b@example.com");
    scene_habit(&scene, "alice", "own+x@example.com");
    scene_habit(&scene, "alice", "own+y@example.com");
    scene_habit(&scene, "alice", "own+z@example.com");
    scene_propose(&scene);
    scene_says(&scene, "\nlist@example.com\talice\n");
    scene_says(&scene, "as 5 addresses with an extension\n");
    scene_says(&scene, "\none+a@example.com\talice\n");
    scene_says(&scene, "\nboth@example.com\talice\n");
    /* A row for own@ would not hold for it, as it has one of its own. */
    scene_says(&scene, "\nown+x@example.com\tbob, alice\n");
    scene_says(&scene, "\nown+y@example.com\talice\n");
    assert_int_equal(scene_row_count(&scene), 6);
    struct senders *after = scene_with_table(&scene, NULL);
    assert_true(scene_may(after, "alice", "list+3@example.com"));
    assert_true(scene_may(after, "alice", "own+x@example.com"));
    assert_false(scene_may(after, "alice", "one@example.com"));
    senders_free(after);
    scene_end(&scene);
}

static void test_no_extensions(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "own@example.com own\n", "extensions = false;");
    for (int i = 0; i < 5; i++) {
        char address[50];
        snprintf(address, sizeof address, "list+%d@example.com", i);
        scene_habit(&scene, "alice", address);
    }
    scene_propose(&scene);
    assert_int_equal(scene_row_count(&scene), 5);
    scene_says(&scene, "\nlist+3@example.com\talice\n");
    scene_says(&scene, "# alice has 5 addresses of example.com.\n");
    scene_says_not(&scene, "\n@example.com");
    scene_end(&scene);
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
    scene_begin(&scene, "own@example.com own\n", "");
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        scene_habit(&scene, "alice", addresses[i]);
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
        scene_habit(&scene, logins[i], "sales@example.com");
    scene_habit(&scene, "alice", "good@example.com");
    scene_habit(&scene, "\xc3\xa9ve", "\xc3\xa9ve@example.com");
    scene_propose(&scene);
    struct senders *after = scene_with_table(&scene, NULL);
    assert_true(scene_may(after, "alice", "good@example.com"));
    assert_true(scene_may(after, "\xc3\xa9ve", "\xc3\xa9ve@example.com"));
    assert_false(scene_may(after, "root", "root@example.com"));
    senders_free(after);
    if (scene_row_count(&scene) != 2)
        for (char *at = scene.table, *line; (line = strsep(&at, "\n"));)
            if (*line && *line != '#')
                print_error("%s\n", line);
    assert_int_equal(scene_row_count(&scene), 2);
    scene_says(&scene, "\\x0aroot@example.com root");
    scene_says(&scene, "a row that begins with # is a comment");
    scene_says(&scene, "its local part has to be quoted");
    for (const char *at = scene.table; *at; at++)
        if ((unsigned char)*at < ' ' && *at != '\n' && *at != '\t')
            fail_msg("a control character: %s", at - 20);
    scene_end(&scene);
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
        "alice@example.com", "alice@example.org",   "alice@example.net",  "bob@example.com",
        "bob+x@example.com", "bob-x@example.com",   "bob@example.net",    "bob+x@example.net",
        "bob@exampleXcom",   "bob@sub.example.com", "xample@example.com", "bob@example.comx",
        "BOB@example.com",   "alicebob@example.com"};
    struct scene scene;
    scene_begin(&scene, NULL, more);
    scene_habit(&scene, "alice", "bob@example.com");
    for (const char *digit = "123"; *digit; digit++) {
        char address[] = "list+?@example.com";
        address[5] = *digit;
        scene_habit(&scene, "alice", address);
    }
    scene_propose(&scene);
    scene_says(&scene, "# today it is for who logs in as bob@example.com, bob\n");
    scene_says(&scene, "\nbob@example.com\tbob@example.com, bob, alice\n");
    struct senders *after = scene_with_table(&scene, pattern_table(&scene));
    for (size_t l = 0; l < sizeof logins / sizeof *logins; l++)
        for (size_t a = 0; a < sizeof addresses / sizeof *addresses; a++) {
            bool before = scene_may(scene.senders, logins[l], addresses[a]);
            bool proposed =
                strcmp(logins[l], "alice") == 0 && strcasecmp(addresses[a], "bob@example.com") == 0;
            if (scene_may(after, logins[l], addresses[a]) != (before || proposed))
                fail_msg("%s as %s (%s)", logins[l], addresses[a], more);
        }
    /* Patterns answer for whole addresses: list@ would not hold for it. */
    assert_true(scene_may(after, "alice", "list+2@example.com"));
    assert_true(scene_may(after, "list", "list+2@example.com") ==
                scene_may(scene.senders, "list", "list+2@example.com"));
    senders_free(after);
    scene_end(&scene);
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
    scene_begin(&scene, "own@example.com bob, carol\n", "");
    for (int day = 1; day < 20; day++) {
        scene_mail(&scene, day, "boss", "192.0.2.1", "", 1);
        scene_mail(&scene, day, "carol", "192.0.2.1", "", 1);
        scene_mail(&scene, day, "alice", "192.0.2.1", "", 1);
    }
    scene_mail(&scene, 3, "alice", "192.0.2.1", "boss@example.com", 1);
    scene_mail(&scene, 6, "alice", "192.0.2.1", "own@example.com", 1);
    scene_mail(&scene, 9, "alice", "192.0.2.1", "alice@example.com", 1);
    scene_mail(&scene, 12, "alice", "192.0.2.1", "alice@ex\xd0\xb0mple.com", 1);
    scene_propose(&scene);
    scene_says(&scene, "another-login: it is another person's");
    scene_says(&scene, "#   that other login: boss\n");
    scene_says(&scene, "main-of-another: another login sends most of its mail as it");
    scene_says(&scene, "own-name: it is the login's own name");
    scene_says(&scene, "\n#? boss@example.com\talice\n");
    scene_says(&scene, "\nown@example.com\tbob, carol, alice\n");
    scene_says(&scene, "\nalice@example.com\talice\n");
    scene_end(&scene);
}

/* What is another login's own is in no row, however long it is done, and however it is spelled. */
static void test_anothers_own_is_asked_for(void **state)
{
    (void)state;
    static const char *const theirs[] = {
        "yann@example.com",          "mary+x@example.com", "boss@example.com",
        "away@example.com",          "gone+y@example.com", "e.smith+z@example.com",
        "mia@xn--bcher-kva.example",
    };
    struct scene scene;
    scene_begin(&scene,
                "away@example.com away\ngone@example.com gone\ne.smith@example.com "
                "erin\nteam@example.com yann, boss\n",
                "");
    for (int day = 1; day < 20; day++) {
        scene_mail(&scene, day, "Yann@example.com", "192.0.2.1", "", 1);
        scene_mail(&scene, day, "mary", "192.0.2.1", "", 1);
        scene_mail(&scene, day, "boss", "192.0.2.1", "", 1);
        scene_mail(&scene, day,
                   "mia@b\xc3\xbc"
                   "cher.example",
                   "192.0.2.1", "", 1);
    }
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        scene_habit(&scene, "ada", theirs[i]);
    scene_habit(&scene, "ada", "team@example.com");
    scene_habit(&scene, "ada", "ada+z@example.com");
    scene_habit(&scene, "boss", "nobody@example.com");
    scene_propose(&scene);
    scene_says(&scene, "# ada: another person's: ask them, it is theirs to give (");
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        char row[100];
        snprintf(row, sizeof row, "\n%s\t", theirs[i]);
        scene_says_not(&scene, row);
        snprintf(row, sizeof row, "\n#? %s\t", theirs[i]);
        scene_says(&scene, row);
    }
    scene_says(&scene, "\nteam@example.com\tyann, boss, ada\n");
    scene_says(&scene, "\nada+z@example.com\tada\n");
    scene_says(&scene, "\nnobody@example.com\tboss\n");
    assert_int_equal(scene_row_count(&scene), 3);
    scene_end(&scene);
}

/* A message whose form is at fault says nothing of who its author is. */
static void test_faulty_messages_are_no_habit(void **state)
{
    (void)state;
    static const char *const faults[][2] = {
        {"from", "several-fields"},      {"header_once", "twice"},     {"header_syntax", "fold"},
        {"header_injection", "address"}, {"body_syntax", "early-end"}, {"display_name", "address"},
        {"sender", "several-mailboxes"}, {"from", "malformed"},
    };
    struct scene scene;
    scene_begin(&scene, "own@example.com own\n", "");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char address[50];
        snprintf(address, sizeof address, "billing%zu@example.com", i);
        for (int day = 1; day <= 20; day += 2) {
            scene_mail(&scene, day, "ada", "192.0.2.7", "", 1);
            scene_fault(&scene, day, "ada", "192.0.2.7", address, faults[i][0], faults[i][1]);
        }
    }
    for (int day = 1; day <= 20; day += 2)
        scene_fault(&scene, day, "ada", "192.0.2.7", "second@example.com", "", "");
    scene_habit(&scene, "ada", "well@example.com");
    scene_propose(&scene);
    scene_says_not(&scene, "billing");
    scene_says_not(&scene, "second@");
    scene_says(&scene, "\nwell@example.com\tada\n");
    assert_int_equal(scene_row_count(&scene), 1);
    scene_end(&scene);
}

static void test_nobody(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "own@example.com own\n", "");
    scene_mail(&scene, 5, "alice", "192.0.2.1", "", 1);
    scene_propose(&scene);
    assert_int_equal(scene_row_count(&scene), 0);
    scene_says(&scene, "# 0 rows; 0 are commented out");
    scene_end(&scene);
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
        cmocka_unit_test(test_anothers_own_is_asked_for),
        cmocka_unit_test(test_faulty_messages_are_no_habit),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_new_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
