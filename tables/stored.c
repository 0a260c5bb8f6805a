/* Finding the file that postmap made, and reading its values as Postfix does. */
#include "tables/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/shell.h"
#include "tables/file.h"

static bool explain_missing(const char *path, const char *suffix, const char *file,
                            struct error *error)
{
    size_t suffix_len = strlen(suffix);
    size_t len = strlen(path);
    if (len > suffix_len + 1 && path[len - suffix_len - 1] == '.' &&
        !strcmp(path + len - suffix_len, suffix) && !access(path, F_OK))
        return error_set(error,
                         "%s: there is no such file: .%s is added to what is configured: write "
                         "\"%s:%.*s\"",
                         file, suffix, suffix, (int)(len - suffix_len - 1), path);
    return error_set(error, "%s: there is no such file. Make it from the text %s: postmap %s:%s",
                     file, path, suffix, shell_word(path).text);
}

char *stored_file(const char *path, const char *suffix, struct error *error)
{
    size_t size = strlen(path) + strlen(suffix) + 2;
    char *file = malloc(size);
    if (!file) {
        error_set(error, "%s: out of memory", path);
        return NULL;
    }
    snprintf(file, size, "%s.%s", path, suffix);
    int fd;
    struct stat st;
    bool ok = file_open(file, &fd, &st, error);
    if (ok) {
        close(fd);
        ok =
            st.st_size > 0 || error_set(error, "%s: the file is empty. Make it anew: postmap %s:%s",
                                        file, suffix, shell_word(path).text);
    } else if (access(file, F_OK)) {
        explain_missing(path, suffix, file, error);
    }
    if (ok)
        return file;
    free(file);
    return NULL;
}

struct bytes stored_text(const void *data, size_t len)
{
    struct bytes text = {data, len};
    return bytes_slice(text, 0, bytes_find(text, '\0'));
}

struct bytes stored_key(const void *data, size_t len)
{
    struct bytes key = {data, len};
    return len && key.data[len - 1] == '\0' ? bytes_slice(key, 0, len - 1) : key;
}
