/* Reading files of cases. */
#include "tests/unit/case_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"source", offsetof(struct policy_case, source)},
    {"login", offsetof(struct policy_case, login)},
    {"mechanism", offsetof(struct policy_case, mechanism)},
    {"tls", offsetof(struct policy_case, tls)},
    {"policy", offsetof(struct policy_case, policy)},
    {"listener", offsetof(struct policy_case, listener)},
    {"client", offsetof(struct policy_case, client)},
    {"helo", offsetof(struct policy_case, helo)},
    {"mta", offsetof(struct policy_case, mta)},
    {"mail-from", offsetof(struct policy_case, mail_from)},
    {"smtputf8", offsetof(struct policy_case, smtputf8)},
    {"now", offsetof(struct policy_case, now)},
    {"own-signature", offsetof(struct policy_case, own_signature)},
    {"keys", offsetof(struct policy_case, keys)},
    {"body-flags", offsetof(struct policy_case, body_flags)},
    {"needs", offsetof(struct policy_case, needs)},
    {"standing", offsetof(struct policy_case, standing)},
};

static const struct {
    const char *key;
    size_t offset;
} lists[] = {
    {"rcpt", offsetof(struct policy_case, rcpts)},
    {"new-rcpt", offsetof(struct policy_case, new_rcpts)},
    {"unknown-rcpt", offsetof(struct policy_case, unknown_rcpts)},
    {"counted", offsetof(struct policy_case, counted)},
    {"habit", offsetof(struct policy_case, habit)},
    {"set", offsetof(struct policy_case, sets)},
    {"group", offsetof(struct policy_case, groups)},
    {"group-set", offsetof(struct policy_case, group_sets)},
    {"expect", offsetof(struct policy_case, expects)},
};

static bool bail(const char *path, int line, const char *what)
{
    printf("Bail out! %s:%d: %s\n", path, line, what);
    return false;
}

static bool set_value(struct policy_case *one, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(key, texts[i].key) != 0)
            continue;
        char **text = (char **)((char *)one + texts[i].offset);
        free(*text); /* the file's default */
        *text = strdup(value);
        return true;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct case_values *values = (struct case_values *)((char *)one + lists[i].offset);
        if (strcmp(key, lists[i].key) != 0 || values->count == CASE_LIST_MAX)
            continue;
        values->items[values->count++] = strdup(value);
        return true;
    }
    return strcmp(key, "message") == 0;
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at = digit ? strchr(digits, bytes_lower(digit)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* One escape after its backslash; false: no such escape. */
static bool unescape(const char **at, char *ret_byte)
{
    switch (*(*at)++) {
    case 'r':
        *ret_byte = '\r';
        return true;
    case 'n':
        *ret_byte = '\n';
        return true;
    case 't':
        *ret_byte = '\t';
        return true;
    case '0':
        *ret_byte = '\0';
        return true;
    case '\\':
        *ret_byte = '\\';
        return true;
    case 'x':
        if (hex_digit((*at)[0]) < 0 || hex_digit((*at)[1]) < 0)
            return false;
        *ret_byte = (char)(hex_digit((*at)[0]) * 16 + hex_digit((*at)[1]));
        *at += 2;
        return true;
    default:
        return false;
    }
}

/* Appends a "| text" line's text and its CRLF; a lone backslash at the end leaves the CRLF out. */
static bool add_line(struct policy_case *one, const char *text)
{
    char *grown = realloc(one->message, one->message_len + strlen(text) + 3);
    if (!grown)
        return false;
    one->message = grown;
    char *out = grown + one->message_len;
    bool line_end = true;
    while (*text) {
        if (*text != '\\') {
            *out++ = *text++;
            continue;
        }
        text++;
        if (!*text) {
            line_end = false;
            break;
        }
        if (!unescape(&text, out++))
            return false;
    }
    if (line_end) {
        *out++ = '\r';
        *out++ = '\n';
    }
    one->message_len = (size_t)(out - grown);
    return true;
}

static struct case_values copy_values(const struct case_values *values)
{
    struct case_values copy = {.count = values->count};
    for (size_t i = 0; i < values->count; i++)
        copy.items[i] = strdup(values->items[i]);
    return copy;
}

/* A new case with the file's defaults. */
static struct policy_case begin_case(const struct policy_case *defaults, const char *title,
                                     int line)
{
    struct policy_case one = {.line = line, .title = strdup(title)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *value = *(char *const *)((const char *)defaults + texts[i].offset);
        *(char **)((char *)&one + texts[i].offset) = value ? strdup(value) : NULL;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        *(struct case_values *)((char *)&one + lists[i].offset) =
            copy_values((const struct case_values *)((const char *)defaults + lists[i].offset));
    return one;
}

static void end_case(struct policy_case *one)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*(char **)((char *)one + texts[i].offset));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct case_values *values = (struct case_values *)((char *)one + lists[i].offset);
        for (size_t j = 0; j < values->count; j++)
            free(values->items[j]);
    }
    free(one->title);
    free(one->message);
    *one = (struct policy_case){0};
}

/* "key: value" into its parts, in place. */
static bool cut_key(char *text, char **ret_value)
{
    char *colon = strchr(text, ':');
    if (!colon)
        return false;
    *colon = '\0';
    *ret_value = colon + 1 + strspn(colon + 1, " ");
    return true;
}

bool case_file_read(const char *path, void (*each)(const char *path, const struct policy_case *one))
{
    FILE *file = fopen(path, "r");
    if (!file)
        return bail(path, 0, strerror(errno));
    struct policy_case defaults = {0};
    struct policy_case one = {0};
    char *text = NULL;
    size_t size = 0;
    bool good = true;
    for (int line = 1; good && getline(&text, &size, file) >= 0; line++) {
        char *value;
        text[strcspn(text, "\n")] = '\0';
        if (text[0] == '|')
            good = one.title && add_line(&one, text + (text[1] == ' ' ? 2 : 1));
        else if (text[0] == '#' || text[0] == '\0')
            continue;
        else if (!cut_key(text, &value))
            good = false;
        else if (strcmp(text, "case") == 0) {
            if (one.title)
                each(path, &one);
            end_case(&one);
            one = begin_case(&defaults, value, line);
        } else
            good = set_value(one.title ? &one : &defaults, text, value);
        if (!good)
            bail(path, line, "not a line of a case: see tests/cases/README");
    }
    if (good && one.title)
        each(path, &one);
    end_case(&one);
    end_case(&defaults);
    free(text);
    fclose(file);
    return good;
}
