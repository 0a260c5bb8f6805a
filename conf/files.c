/* Reading the main file and its conf.d. */
#include "conf/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/scan.h"
#include "policy/shell.h"

static bool read_all(int fd, const char *path, struct arena *arena, struct bytes *ret_text,
                     struct error *error)
{
    char *text = malloc(SCAN_MAX_SIZE + 1);
    size_t len = 0;
    ssize_t got = text ? 1 : 0;
    while (got > 0 && len <= SCAN_MAX_SIZE) {
        got = read(fd, text + len, SCAN_MAX_SIZE + 1 - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            len += (size_t)got;
    }
    bool good = false;
    if (!text)
        error_set(error, "%s: out of memory", path);
    else if (got < 0)
        error_set(error, "%s: cannot be read: %s", path, strerror(errno));
    else if (len > SCAN_MAX_SIZE)
        error_set(error, "%s: the file has more than 1 MB", path);
    else {
        *ret_text = arena_bytes(arena, (struct bytes){text, len});
        good = ret_text->data || error_set(error, "%s: out of memory", path);
    }
    free(text);
    return good;
}

static bool read_file(const char *path, struct arena *arena, struct file *ret_file,
                      struct error *error)
{
    /* O_NONBLOCK: a FIFO must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return error_set(error, "%s: cannot be opened: %s", path, strerror(errno));
    struct stat stat;
    bool good = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode);
    if (!good)
        error_set(error, "%s: is not a regular file", path);
    else if (stat.st_mode & S_IWOTH)
        good = error_set(error,
                         "%s: is mode %04o: anybody on this host may change it; mend it with: "
                         "chmod o-w %s",
                         path, stat.st_mode & 07777U, shell_word(path).text);
    else
        good = read_all(fd, path, arena, &ret_file->text, error);
    ret_file->path = path;
    close(fd);
    return good;
}

static bool read_main(const char *path, struct arena *arena, struct file *ret_file,
                      struct error *error)
{
    struct stat stat;
    if (lstat(path, &stat) != 0 && errno == ENOENT)
        return error_set(error,
                         "%s: there is no such file. Make one with: submilterctl conf --defaults > "
                         "%s (an empty file holds the defaults too)",
                         path, shell_word(path).text);
    return read_file(path, arena, ret_file, error);
}

/* conf.d beside the main file. */
static const char *folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    return arena_printf(arena, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path);
}

bool files_wants(const char *name)
{
    return name[0] != '.' && bytes_end_with_nocase(bytes_of(name), BYTES(".conf"));
}

static int compare(const void *a, const void *b)
{
    const struct file *left = a;
    const struct file *right = b;
    return strcmp(left->path, right->path);
}

static bool add_name(const char *name, const char *folder_path, struct arena *arena,
                     struct file *files, size_t *count, struct error *error)
{
    if (!files_wants(name))
        return true;
    if (*count == FILES_MAX)
        return error_set(error, "%s: more than %d files", folder_path, FILES_MAX);
    char *path = arena_printf(arena, "%s/%s", folder_path, name);
    if (!path)
        return error_set(error, "%s: out of memory", folder_path);
    files[(*count)++] = (struct file){.path = path};
    return true;
}

static bool add_names(DIR *folder, const char *folder_path, struct arena *arena, struct file *files,
                      size_t *count, struct error *error)
{
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(folder))) {
        if (!add_name(entry->d_name, folder_path, arena, files, count, error))
            return false;
        errno = 0;
    }
    return !errno || error_set(error, "%s: cannot be listed: %s", folder_path, strerror(errno));
}

/* Why it can't be opened is in errno. A link to what is not there yet, as to a disk that is not
 * mounted, is no word that there are no more files. */
static bool may_be_missing(const char *folder_path, struct error *error)
{
    struct stat status;
    if (errno == ENOENT && lstat(folder_path, &status) == 0)
        return error_set(error,
                         "%s: cannot be opened: it is a link to what is not there; mend the link, "
                         "or take it away",
                         folder_path);
    return errno == ENOENT ||
           error_set(error, "%s: cannot be opened: %s", folder_path, strerror(errno));
}

static bool list_folder(const char *folder_path, struct arena *arena, struct file *files,
                        size_t *ret_count, struct error *error)
{
    *ret_count = 0;
    DIR *folder = opendir(folder_path);
    if (!folder)
        return may_be_missing(folder_path, error);
    bool good = add_names(folder, folder_path, arena, files, ret_count, error);
    closedir(folder);
    qsort(files, *ret_count, sizeof *files, compare);
    return good;
}

bool files_read(const char *path, struct arena *arena, struct file **ret_files, size_t *ret_count,
                struct error *error)
{
    struct file *files = arena_alloc(arena, (1 + FILES_MAX) * sizeof *files);
    const char *main_path = arena_text(arena, bytes_of(path));
    const char *folder = folder_of(path, arena);
    size_t count = 0;
    if (!files || !main_path || !folder)
        return error_set(error, "%s: out of memory", path);
    if (!read_main(main_path, arena, &files[0], error) ||
        !list_folder(folder, arena, files + 1, &count, error))
        return false;
    for (size_t i = 1; i <= count; i++)
        if (!read_file(files[i].path, arena, &files[i], error))
            return false;
    *ret_files = files;
    *ret_count = 1 + count;
    return true;
}

bool files_hash(const struct file *files, size_t count, char hash[17], struct error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t i = 0; good && i < count; i++)
        good = EVP_DigestUpdate(context, files[i].text.data, files[i].text.len);
    good = good && EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    if (!good)
        return error_set(error, "SHA-256 failed");
    for (size_t i = 0; i < 8; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    return true;
}
