/* The configuration's text: what is refused says where, and what is taken is taken again, and as
 * the same, from what `submilterctl conf` prints of it. */
#include <stdio.h>
#include <stdlib.h>

#include "conf/files.h"
#include "conf/settings.h"
#include "tests/fuzz/fuzz.h"

#define PATH "F"

static bool load(struct bytes text, struct settings **ret_settings, struct error *error)
{
    const struct file file = {.path = PATH, .text = text};
    return settings_load_files(PATH, &file, 1, ret_settings, error);
}

static struct bytes printed(const struct settings *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out || !settings_print(settings, out) || fclose(out) != 0)
        abort();
    return (struct bytes){text, len};
}

/* Without the remarks where each value stands: those differ. */
static struct bytes without_remarks(struct bytes text)
{
    char *to = (char *)(uintptr_t)text.data;
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        size_t end = i + bytes_find(bytes_slice(text, i, text.len), '\n');
        struct bytes line = bytes_slice(text, i, end);
        size_t keep = line.len;
        for (size_t at = 0; at + 2 < line.len; at++)
            if (line.data[at] == ';' && line.data[at + 1] == ' ' &&
                bytes_trim(bytes_slice(line, at + 1, line.len)).data[0] == '#')
                keep = at + 1;
        memmove(to + len, line.data, keep);
        len += keep;
        to[len++] = '\n';
        i = end + 1;
    }
    return (struct bytes){to, len};
}

static void check_refusal(const struct error *error, struct bytes text)
{
    struct bytes said = bytes_of(error->text);
    if (!bytes_start_with_nocase(said, BYTES(PATH ":")) ||
        bytes_find_nocase(said, BYTES(": syntax error")) == said.len - strlen(": syntax error"))
        fuzz_fail("refused, and not said where: %s in %s", error->text, fuzz_show(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = fuzz_bytes(data, size);
    struct settings *first = NULL, *second = NULL;
    struct error error = {""};
    if (!load(text, &first, &error)) {
        check_refusal(&error, text);
        return 0;
    }
    struct bytes print = printed(first);
    if (!load(print, &second, &error))
        fuzz_fail("taken, and its print is not: %s", error.text);
    struct bytes again = printed(second);
    struct bytes was = without_remarks(print), is = without_remarks(again);
    if (!bytes_equal(was, is))
        fuzz_fail("printed, it is another: %s", fuzz_show(text));
    fuzz_free(print);
    fuzz_free(again);
    settings_unref(first);
    settings_unref(second);
    return 0;
}
