/* A file of the host's, read whole. */
#include "mta/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_open(struct arena *arena, int fd, const char *path, size_t max,
                      struct bytes *ret_text, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s is no file", path);
    if ((size_t)status.st_size > max)
        return error_set(error, "%s is larger than %zu bytes: that is no configuration", path, max);
    size_t size = (size_t)status.st_size;
    char *data = arena_alloc(arena, size + 1);
    size_t len = 0;
    if (!data)
        return error_set(error, "memory is out");
    while (len < size) {
        ssize_t got = read(fd, data + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, "%s: %s", path, strerror(errno));
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret_text = (struct bytes){data, len};
    return true;
}

bool whole_file_read(struct arena *arena, const char *path, size_t max, struct bytes *ret_text,
                     struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    bool done = read_open(arena, fd, path, max, ret_text, error);
    close(fd);
    return done;
}
