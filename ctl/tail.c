/* Following a file. */
#include "ctl/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256 * 1024)
#define LINES_MAX (8 * 1024 * 1024) /* one call gives no more; a longer line is passed over */

static void close_stream(struct tail_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->begun);
    *stream = (struct tail_stream){.fd = -1};
}

/* Nothing there is no fault. */
static bool open_stream(struct tail *tail, struct error *error)
{
    tail->now = (struct tail_stream){.fd = open(tail->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    return tail->now.fd >= 0 || errno == ENOENT ||
           error_set(error, "%s: %s", tail->path, strerror(errno));
}

/* The end of the last whole line. */
static off_t last_line_end(int fd)
{
    char piece[4096];
    off_t end = lseek(fd, 0, SEEK_END);
    while (end > 0) {
        size_t len = end < (off_t)sizeof piece ? (size_t)end : sizeof piece;
        if (pread(fd, piece, len, end - (off_t)len) != (ssize_t)len)
            return end;
        const char *newline = memrchr(piece, '\n', len);
        end -= (off_t)len;
        if (newline)
            return end + (newline - piece) + 1;
    }
    return 0;
}

bool tail_open(struct tail *ret_tail, const char *path, struct error *error)
{
    *ret_tail = (struct tail){.path = path, .before.fd = -1};
    if (!open_stream(ret_tail, error))
        return false;
    if (ret_tail->now.fd >= 0)
        ret_tail->now.at = last_line_end(ret_tail->now.fd);
    return true;
}

void tail_close(struct tail *tail)
{
    close_stream(&tail->now);
    close_stream(&tail->before);
    free(tail->lines);
    tail->lines = NULL;
}

static bool have_room(struct tail *tail, size_t more, struct error *error)
{
    if (tail->room - tail->len >= more)
        return true;
    char *lines = realloc(tail->lines, tail->len + more);
    if (!lines)
        return error_set(error, "out of memory");
    tail->lines = lines;
    tail->room = tail->len + more;
    return true;
}

/* Keeps what follows the last line end for the next time. */
static bool keep_begun(struct tail *tail, struct tail_stream *stream, size_t start,
                       struct error *error)
{
    const char *newline = memrchr(tail->lines + start, '\n', tail->len - start);
    size_t whole = newline ? (size_t)(newline - tail->lines) + 1 : start;
    size_t rest = tail->len - whole;
    free(stream->begun);
    stream->begun = NULL;
    stream->begun_len = 0;
    if (rest && rest < LINES_MAX) {
        stream->begun = malloc(rest);
        if (!stream->begun)
            return error_set(error, "out of memory");
        memcpy(stream->begun, tail->lines + whole, rest);
        stream->begun_len = rest;
    }
    tail->len = whole;
    return true;
}

static bool read_stream(struct tail *tail, struct tail_stream *stream, struct error *error)
{
    struct stat status;
    size_t start = tail->len;
    ssize_t got;
    if (stream->fd < 0 || fstat(stream->fd, &status) != 0)
        return true;
    if (status.st_size < stream->at) { /* copied and cut off by who rotates */
        stream->at = 0;
        stream->begun_len = 0;
    }
    if (status.st_size == stream->at)
        return true;
    if (!have_room(tail, stream->begun_len + PIECE, error))
        return false;
    if (stream->begun_len)
        memcpy(tail->lines + tail->len, stream->begun, stream->begun_len);
    tail->len += stream->begun_len;
    while (tail->len - start < LINES_MAX && have_room(tail, PIECE, error) &&
           (got = pread(stream->fd, tail->lines + tail->len, PIECE, stream->at)) > 0) {
        stream->at += got;
        tail->len += (size_t)got;
    }
    return keep_begun(tail, stream, start, error);
}

/* Another file has the name. */
static bool is_moved(const struct tail *tail)
{
    struct stat here, named;
    if (stat(tail->path, &named) != 0)
        return false;
    return tail->now.fd < 0 || fstat(tail->now.fd, &here) != 0 || here.st_ino != named.st_ino ||
           here.st_dev != named.st_dev;
}

bool tail_read(struct tail *tail, struct bytes *ret_lines, struct error *error)
{
    tail->len = 0;
    bool moved = is_moved(tail);
    if (!read_stream(tail, &tail->before, error) || !read_stream(tail, &tail->now, error))
        return false;
    if (moved) {
        close_stream(&tail->before);
        tail->before = tail->now;
        if (!open_stream(tail, error) || !read_stream(tail, &tail->now, error))
            return false;
    }
    *ret_lines = (struct bytes){tail->lines, tail->len};
    return true;
}
