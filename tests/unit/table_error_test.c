/* A table that can't be opened says what is wrong, where, and how to mend it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

static void specs(void **state)
{
    (void)state;
    fixture_refused("", "is not kind:path");
    fixture_refused("/etc/senders", "write \"texthash:/etc/senders\"");
    fixture_refused("texthash:", "is not kind:path");
    fixture_refused("texthsh:/x",
                    "names no kind of table that submilter reads: these are texthash:");
    fixture_refused("TEXTHASH:/x", "names no kind");
    fixture_refused(":/x", "names no kind");
    fixture_refused("hash:/etc/x", "hash: is Berkeley DB, which submilter does not read: use "
                                   "`postmap lmdb:/etc/x` and write \"lmdb:/etc/x\", or write "
                                   "\"texthash:/etc/x\"");
    fixture_refused("btree:/etc/x", "btree: is Berkeley DB");
    fixture_refused("proxy:texthash:/etc/x", "leave proxy: out and write \"texthash:/etc/x\"");
    fixture_refused("regexp:/etc/x", "pcre:/etc/x");
}

static const struct {
    const char *text;
    const char *error;
} broken[] = {
    {"a 1\nalice@example.com\nb 2\n", ":2: \"alice@example.com\" has no value"},
    {"a 1\nb \t \n", ":2: \"b\" has no value"},
    {"a 1\r\nb\r\n", ":2: \"b\" has no value"},
    {"a 1\n\n# x\nb 2\nA 3\n",
     ":5: \"a\" stands in line 1 already, perhaps in other letters (capitals; a sharp s is ss)"},
    {"  a 1\n", ":1: the line begins with a blank"},
    {"# x\n\n\ta 1\nb 1\n", ":3: the line begins with a blank"},
    {"\xef\xbb\xbf# x\na 1\n", ":1: the file begins with a byte order mark"},
    {"a 1\nb \xff\n", ":2: the line is not UTF-8"},
    {"a 1\n\xc3 x\n", ":2: the line is not UTF-8"},
    {"a 1\n\"b 2\nc 3\n", ":2: a double quote is opened and not closed"},
    {"a 1\nroot: alice\n", ":2: \"root:\" ends in a colon"},
    {"a 1\nb\\", ":2: \"b\\\" has no value"},
    {"weiß@x y\nb y\nWEISS@x y\n", ":3: \"weiss@x\" stands in line 1 already"},
    {"\xc8\xba@x y\n\xe2\xb1\xa5@x y\n", ":2: \"\xe2\xb1\xa5@x\" stands in line 1 already"},
};

static void text_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        fixture_write_text("broken", broken[i].text);
        fixture_refused(fixture_spec("texthash", "broken"), broken[i].error);
        fixture_refused(fixture_spec("texthash", "broken"), fixture_path("broken"));
    }
    fixture_write("broken", "a 1\nb\0 2\n", 9);
    fixture_refused(fixture_spec("texthash", "broken"), ":2: there is a NUL byte in the line");
    fixture_write("broken", "a 1\n#\0\xff\n", 8); /* a comment may hold what it likes */
    table_free(fixture_open(fixture_spec("texthash", "broken")));
}

static void inline_tables(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *error;
    } cases[] = {
        {"inline:a=b", "inline:{ { key = value }, ... } is expected"},
        {"inline:{a=b", "is expected"},
        {"inline:{a=b} ", "is expected"},
        {"inline:{a=b}}", "is expected"},
        {"inline:{}", "the table is empty"},
        {"inline:{ , }", "the table is empty"},
        {"inline:{a}", "\"a\" is not key = value"},
        {"inline:{a = b}", "\"a\" is not key = value"},
        {"inline:{=b}", "\"=b\" is not key = value"},
        {"inline:{a=}", "\"a=\" has no value"},
        {"inline:{ { a = } }", "\"a =\" has no value"},
        {"inline:{ { } }", "\"\" is not key = value"},
        {"inline:{ {a=b}c }", "braces do not match in \"{a=b}c\""},
        {"inline:{ { \"a = b } }", "a double quote is opened and not closed"},
        {"inline:{ \xff=2 }", "is not UTF-8"},
        {"inline:{ a=1, A=2 }", "\"a\" stands in it twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fixture_refused(cases[i].spec, cases[i].error);
}

static void files(void **state)
{
    (void)state;
    const char *kinds[] = {"texthash", "pcre"};
    for (size_t i = 0; i < 2; i++) {
        fixture_refused(fixture_spec(kinds[i], "missing"), "missing: there is no such file");
        fixture_refused(fixture_spec(kinds[i], "missing/x"), "there is no such file");
        fixture_refused(fixture_spec(kinds[i], "main.cf/x"), "Not a directory");
        fixture_refused(fixture_spec(kinds[i], "."), "is a folder, and a file is needed");
    }
    assert_int_equal(mkfifo(fixture_path("fifo"), 0600), 0);
    fixture_refused(fixture_spec("texthash", "fifo"), "is not a regular file");
    fixture_refused("texthash:/dev/null", "is not a regular file");
    fixture_write_text("dir", "");
    fixture_write_text("open", "a@example.com alice\n");
    assert_int_equal(chmod(fixture_path("open"), 0666), 0);
    fixture_refused(fixture_spec("texthash", "open"),
                    "is mode 0666: anybody on this host may change it; mend it with: chmod o-w");
    int fd = open(fixture_path("sparse"), O_CREAT | O_WRONLY, 0600);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
    fixture_refused(fixture_spec("texthash", "sparse"),
                    "has 3221225472 bytes, and 1073741824 is the most");
    fixture_refused(fixture_spec("pcre", "sparse"), "and 16777216 is the most");
}

static void databases(void **state)
{
    (void)state;
    char text[300];
    const char *kinds[] = {"lmdb", "cdb"};
    for (size_t i = 0; i < 2; i++) {
        const char *kind = kinds[i];
        snprintf(text, sizeof text, "there is no such file. Make it from the text %s: postmap %s",
                 fixture_path("missing"), fixture_spec(kind, "missing"));
        fixture_refused(fixture_spec(kind, "missing"), text);

        fixture_write_text("db", "a 1\n");
        assert_true(fixture_postmap(kind, "db"));
        snprintf(text, sizeof text, "db.%s", kind);
        snprintf(text, sizeof text, ".%s is added to what is configured: write \"%s\"", kind,
                 fixture_spec(kind, "db"));
        char with_suffix[32];
        snprintf(with_suffix, sizeof with_suffix, "db.%s", kind);
        fixture_refused(fixture_spec(kind, with_suffix), text);

        /* other content */
        static char noise[20000];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (char)(k * 7919 >> 3);
        static const size_t sizes[] = {1, 100, 2047, 2048, 4096, 5000, 8192, 20000};
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            fixture_write(with_suffix, noise, sizes[k]);
            fixture_refused(fixture_spec(kind, "db"), fixture_path(with_suffix));
        }
        fixture_write(with_suffix, "", 0);
        fixture_refused(fixture_spec(kind, "db"), "the file is empty. Make it anew: postmap");
    }
    fixture_write_text("db", "a 1\n");
    assert_true(fixture_postmap("lmdb", "db"));
    assert_int_equal(truncate(fixture_path("db.lmdb"), 8192), 0);
    fixture_refused(fixture_spec("lmdb", "db"), "the file is cut short. Make it anew: rm ");
}

static void paths_in_commands_are_quoted(void **state)
{
    (void)state;
    char text[400];
    fixture_write_text("two words", "a 1\n");
    assert_int_equal(chmod(fixture_path("two words"), 0666), 0);
    snprintf(text, sizeof text, ": chmod o-w '%s'", fixture_path("two words"));
    fixture_refused(fixture_spec("texthash", "two words"), text);
    fixture_write_text("a mark", "\xef\xbb\xbf"
                                 "a 1\n");
    snprintf(text, sizeof text, "//' '%s'", fixture_path("a mark"));
    fixture_refused(fixture_spec("texthash", "a mark"), text);
    snprintf(text, sizeof text, "use `postmap lmdb:'%s'` and write \"lmdb:%s\"",
             fixture_path("two words"), fixture_path("two words"));
    fixture_refused(fixture_spec("hash", "two words"), text);
    const char *kinds[] = {"lmdb", "cdb"};
    char noise[4096];
    memset(noise, 0xff, sizeof noise);
    for (size_t i = 0; i < 2; i++) {
        char file[32];
        snprintf(file, sizeof file, "no base.%s", kinds[i]);
        snprintf(text, sizeof text, ": postmap %s:'%s'", kinds[i], fixture_path("no base"));
        fixture_refused(fixture_spec(kinds[i], "no base"), text);
        fixture_write(file, "", 0);
        fixture_refused(fixture_spec(kinds[i], "no base"), text);
        fixture_write(file, noise, sizeof noise);
        fixture_refused(fixture_spec(kinds[i], "no base"), text + 1);
    }
    snprintf(text, sizeof text, ": rm '%s'; ", fixture_path("no base.lmdb"));
    fixture_refused(fixture_spec("lmdb", "no base"), text);
}

/* Root may read everything, so it is somebody else who tries. */
static void permissions(void **state)
{
    (void)state;
    bool root = geteuid() == 0;
    fixture_write_text("secret", "a 1\n");
    assert_int_equal(mkdir(fixture_path("closed"), 0700), 0);
    fixture_write_text("closed/table", "a 1\n");
    assert_int_equal(chmod(fixture_path("secret"), root ? 0640 : 0200), 0);
    assert_int_equal(chmod(fixture_path("closed"), root ? 0700 : 0600), 0);
    fixture_write_text("secret_db", "a 1\n");
    assert_true(fixture_postmap("lmdb", "secret_db"));
    assert_true(fixture_postmap("cdb", "secret_db"));
    assert_int_equal(chmod(fixture_path("secret_db.lmdb"), 0200), 0);
    assert_int_equal(chmod(fixture_path("secret_db.cdb"), 0200), 0);
    if (root)
        assert_int_equal(setegid(65534) | seteuid(65534), 0);
    char expected[400];
    snprintf(expected, sizeof expected,
             "secret: user nobody may not read %s, which belongs to root:root and has mode 0640. "
             "Try: chgrp nogroup %s && chmod g+r %s",
             fixture_path("secret"), fixture_path("secret"), fixture_path("secret"));
    fixture_refused(fixture_spec("texthash", "secret"), root ? expected : " may not read ");
    snprintf(expected, sizeof expected,
             "table: user nobody may not enter %s, which belongs to root:root and has mode 0700. "
             "Try: chgrp nogroup %s && chmod g+x %s",
             fixture_path("closed"), fixture_path("closed"), fixture_path("closed"));
    fixture_refused(fixture_spec("pcre", "closed/table"), root ? expected : " may not enter ");
    fixture_refused(fixture_spec("lmdb", "secret_db"), "has mode 0200");
    fixture_refused(fixture_spec("cdb", "secret_db"), "has mode 0200");
    if (root)
        assert_int_equal(seteuid(0) | setegid(0), 0);
    assert_int_equal(chmod(fixture_path("closed"), 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs),
        cmocka_unit_test(text_files),
        cmocka_unit_test(inline_tables),
        cmocka_unit_test(files),
        cmocka_unit_test(databases),
        cmocka_unit_test(permissions),
        cmocka_unit_test(paths_in_commands_are_quoted),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
