/* Running postmap and comparing answers. */

#include "tests/unit/tables_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char dir[] = "/tmp/submilter-tables.XXXXXX";

#define POSTMAP "/usr/sbin/postmap"

int fixture_begin(void **state)
{
    (void)state;
    if (!mkdtemp(dir) || access(POSTMAP, X_OK))
        return -1;
    chmod(dir, 0755);
    fixture_write_text("main.cf", "compatibility_level = 3.6\n");
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

int fixture_end(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *next_buffer(void)
{
    static char buffers[4][256];
    static unsigned turn;
    return buffers[turn++ % 4];
}

const char *fixture_path(const char *name)
{
    char *buffer = next_buffer();
    snprintf(buffer, 256, "%s/%s", dir, name);
    return buffer;
}

const char *fixture_spec(const char *kind, const char *name)
{
    char *buffer = next_buffer();
    snprintf(buffer, 256, "%s:%s/%s", kind, dir, name);
    return buffer;
}

void fixture_write(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(fixture_path(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void fixture_write_text(const char *name, const char *text)
{
    fixture_write(name, text, strlen(text));
}

/* Runs postmap with stdin and stdout as given and without its warnings. */
static int run_postmap(const char *const *args, int in, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (in >= 0)
        posix_spawn_file_actions_adddup2(&actions, in, 0);
    if (out >= 0)
        posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int failed =
        posix_spawn(&pid, POSTMAP, &actions, NULL, (char *const *)(uintptr_t)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(failed, 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool fixture_postmap(const char *kind, const char *name)
{
    const char *args[] = {"postmap", "-c", dir, fixture_spec(kind, name), NULL};
    return run_postmap(args, -1, -1) == 0;
}

char *fixture_query(const char *spec, const char *key)
{
    FILE *in = tmpfile();
    FILE *out = tmpfile();
    assert_non_null(in);
    assert_non_null(out);
    fprintf(in, "%s\n", key);
    fflush(in);
    rewind(in);
    const char *args[] = {"postmap", "-c", dir, "-q", "-", spec, NULL};
    run_postmap(args, fileno(in), fileno(out));
    rewind(out);
    char *answer = NULL;
    size_t size = 0;
    ssize_t len = getdelim(&answer, &size, EOF, out);
    fclose(in);
    fclose(out);
    size_t head = strlen(key) + 1; /* "key<tab>value<newline>" */
    if (len < (ssize_t)head + 1) {
        free(answer);
        return NULL;
    }
    memmove(answer, answer + head, (size_t)len - head);
    answer[(size_t)len - head - 1] = '\0';
    return answer;
}

struct table *fixture_open(const char *spec)
{
    struct table *table = NULL;
    struct error error = {""};
    if (!table_open(spec, TABLE_FOLD_CASE, &table, &error))
        fail_msg("%s", error.text);
    return table;
}

void fixture_refused(const char *spec, const char *expected)
{
    struct table *table = NULL;
    struct error error = {""};
    if (table_open(spec, TABLE_FOLD_CASE, &table, &error)) {
        table_free(table);
        fail_msg("%s was opened", spec);
    }
    if (!strstr(error.text, expected))
        fail_msg("%s: \"%s\" is not in \"%s\"", spec, expected, error.text);
}

void fixture_expect(const struct table *table, const char *key, const char *value)
{
    struct arena *arena = arena_new(1 << 20);
    size_t len = strlen(key);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, key, len);
    struct table_answer answer;
    enum table_result result = table_find(table, arena, (struct bytes){copy, len}, &answer);
    free(copy);
    if (result == TABLE_UNAVAILABLE)
        fail_msg("\"%.100s\": %s", key, answer.source.data);
    if (!value && result == TABLE_FOUND)
        fail_msg("\"%.100s\": found \"%s\"", key, answer.value.data);
    if (value && result == TABLE_ABSENT)
        fail_msg("\"%.100s\": not found, and \"%s\" was expected", key, value);
    if (value)
        assert_string_equal(answer.value.data, value);
    arena_free(arena);
}
