/* Loading configurations that are texts of a test. */
#include "tests/unit/conf_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char *conf_data(const char *name)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/conf/%s", srcdir ? srcdir : ".", name);
    return path;
}

/* "FILE" instead of the path that nobody can foresee. */
static void hide_path(struct error *error, const char *path)
{
    char old[sizeof error->text];
    char *found = strstr(error->text, path);
    if (!found)
        return;
    memcpy(old, found + strlen(path), strlen(found + strlen(path)) + 1);
    snprintf(found, sizeof error->text - (size_t)(found - error->text), "FILE%s", old);
}

bool conf_load_bytes(struct bytes text, struct settings **ret_settings, struct error *error)
{
    char folder[] = "/tmp/submilter-conf.XXXXXX";
    char path[100];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/submilter.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    bool good = settings_load(path, ret_settings, error);
    if (!good)
        hide_path(error, path);
    unlink(path);
    rmdir(folder);
    return good;
}

struct settings *conf_load(const char *text)
{
    struct error error = {""};
    struct settings *settings = NULL;
    if (!conf_load_bytes(bytes_of(text), &settings, &error))
        fail_msg("%s", error.text);
    return settings;
}

struct settings *conf_load_data(const char *name)
{
    struct error error = {""};
    struct settings *settings = NULL;
    if (!settings_load(conf_data(name), &settings, &error))
        fail_msg("%s", error.text);
    return settings;
}

const struct rule_settings *conf_rule(const struct settings *settings, const char *policy,
                                      const char *login, enum rule_id rule)
{
    const struct policy *found = settings_policy(settings, policy, bytes_of(login));
    assert_non_null(found);
    assert_string_equal(found->name, policy);
    return found->settings[rule];
}

enum mode conf_mode(const struct settings *settings, const char *policy, const char *login,
                    enum rule_id rule)
{
    return conf_rule(settings, policy, login, rule)->mode;
}

const struct conf_tls *conf_tls(const struct settings *settings, const char *policy,
                                const char *login)
{
    return (const struct conf_tls *)(const void *)conf_rule(settings, policy, login, RULE_tls);
}

void conf_refuse(const char *text, const char *expected)
{
    struct error error = {""};
    struct settings *settings = NULL;
    assert_false(conf_load_bytes(bytes_of(text), &settings, &error));
    assert_string_equal(error.text, expected);
}

static void cut_origins(char *text)
{
    char *to = text;
    for (char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        size_t keep = len;
        for (size_t i = 0; i + 2 < len; i++)
            if (memcmp(line + i, "; ", 2) == 0 && line[i + 1 + strspn(line + i + 1, " ")] == '#')
                keep = i + 1;
        bool last = line[len] == '\0';
        memmove(to, line, keep);
        to += keep;
        *to++ = '\n';
        line += len + !last;
    }
    *to = '\0';
}

char *conf_printed(const struct settings *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_true(settings ? settings_print(settings, out) : settings_print_reference(out));
    assert_int_equal(fclose(out), 0);
    if (settings)
        cut_origins(text);
    return text;
}

char *conf_slurp(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be opened", path);
    size_t size = 2 * 1024 * 1024;
    char *text = calloc(1, size);
    assert_non_null(text);
    size_t len = fread(text, 1, size - 1, file);
    fclose(file);
    text = realloc(text, len + 1);
    assert_non_null(text);
    return text;
}
