/* Getting a damaged database out of the way without losing what may be in it. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history/migrate.h"
#include "history/store.h"
#include "history/store_private.h"

#define HEADER 100 /* bytes of SQLite's; the application's id is at 68 */
#define APPLICATION_ID 68

/* The wrong path in a configuration must not move somebody's file away: the mark says that it is
 * ours; a header of zeros is what a crash of the file system leaves. */
static bool is_ours(const char *path, struct error *error)
{
    unsigned char header[HEADER] = {0};
    static const unsigned char nothing[HEADER];
    const unsigned char *mark = header + APPLICATION_ID;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t len = regular ? read(fd, header, sizeof header) : -1;
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    uint32_t id = (uint32_t)mark[0] << 24 | (uint32_t)mark[1] << 16 | (uint32_t)mark[2] << 8 |
                  (uint32_t)mark[3];
    if (id == MIGRATE_APPLICATION_ID || memcmp(header, nothing, HEADER) == 0)
        return true;
    return error_set(
        error, "%s: it is no database of submilter's: choose another path, or move it away", path);
}

static char *joined(const char *path, const char *middle, const char *end)
{
    char *text;
    return asprintf(&text, "%s%s%s", path, middle, end) < 0 ? NULL : text;
}

/* The path's own characters stay what they are. */
static char *escape(const char *path)
{
    char *text = malloc(2 * strlen(path) + 1);
    char *to = text;
    for (; text && *path; *to++ = *path++)
        if (strchr("*?[]\\", *path))
            *to++ = '\\';
    if (text)
        *to = '\0';
    return text;
}

static void remove_earlier(const char *path)
{
    glob_t found;
    char *escaped = escape(path);
    char *pattern = escaped ? joined(escaped, ".damaged-*", "") : NULL;
    if (pattern && glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            unlink(found.gl_pathv[i]);
        globfree(&found);
    }
    free(pattern);
    free(escaped);
}

static bool move(const char *path, const char *suffix, const char *mark, struct error *error)
{
    char *from = joined(path, suffix, "");
    char *to = joined(path, mark, suffix);
    bool moved = from && to && (rename(from, to) == 0 || (*suffix && errno == ENOENT));
    if (!moved)
        error_set(error, "%s%s: cannot be moved away: %s", path, suffix, strerror(errno));
    free(from);
    free(to);
    return moved;
}

bool store_set_aside(const char *path, int64_t now, struct error *error)
{
    struct tm utc;
    time_t seconds = (time_t)(now / 1000);
    char mark[50];
    if (!is_ours(path, error))
        return false;
    gmtime_r(&seconds, &utc);
    strftime(mark, sizeof mark, ".damaged-%Y%m%dT%H%M%SZ", &utc);
    remove_earlier(path);
    /* The journal first: a new database must not be given the old one's. */
    if (!move(path, "-wal", mark, error) || !move(path, "", mark, error))
        return false;
    char *shared = joined(path, "-shm", "");
    if (shared)
        unlink(shared);
    free(shared);
    return true;
}
