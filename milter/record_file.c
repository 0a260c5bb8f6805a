/* Appending whole lines, or nothing of one. */
#include "milter/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "milter/log.h"

#define RETRY_SECONDS 1
#define TOGETHER_BYTES ((size_t)64 << 10)

static struct {
    int fd;
    char *path;
    dev_t device;
    ino_t inode;
    bool regular;
    time_t checked; /* seconds that no clock's setting moves */
    bool broken;
    unsigned long lost;
} file = {.fd = -1};

static atomic_bool works = true;

static void file_failed(const char *what)
{
    if (!file.broken)
        log_error("%s: %s: %s; records are lost until it works again (log.on_error says what "
                  "becomes of mail meanwhile)",
                  file.path, what, strerror(errno));
    file.broken = true;
    atomic_store(&works, false);
}

static void file_works(void)
{
    if (file.broken) {
        log_warning("%s: records are written again; %lu were lost", file.path, file.lost);
        file.lost = 0;
    }
    file.broken = false;
    atomic_store(&works, true);
}

/* Before another file takes its place, and at the end: it is not that one's loss. */
static void say_lost(void)
{
    if (file.lost)
        log_warning("%s: %lu records were lost", file.path, file.lost);
    file.lost = 0;
}

static void file_close(void)
{
    if (file.fd >= 0)
        close(file.fd);
    file.fd = -1;
}

static void file_open(void)
{
    struct stat status;
    file.fd =
        open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    if (file.fd < 0 || fstat(file.fd, &status) < 0) {
        file_failed("cannot open");
        file_close();
        return;
    }
    file.device = status.st_dev;
    file.inode = status.st_ino;
    file.regular = S_ISREG(status.st_mode);
}

/* logrotate moves the file away: whoever finds another one (or none) at the path opens it. */
static void file_check(void)
{
    struct stat status;
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    time_t now = clock.tv_sec;
    if (file.fd >= 0 && now == file.checked)
        return;
    if (file.fd < 0 && file.broken && now - file.checked < RETRY_SECONDS)
        return;
    file.checked = now;
    if (file.fd >= 0 && stat(file.path, &status) == 0 && status.st_dev == file.device &&
        status.st_ino == file.inode)
        return;
    file_close();
    file_open();
}

/* How much of it. */
static size_t write_most(const char *data, size_t len)
{
    size_t whole = 0;
    while (whole < len) {
        ssize_t written = write(file.fd, data + whole, len - whole);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        whole += (size_t)written;
    }
    return whole;
}

/* No half line may stay: it would spoil the next record. But after a hand-over two daemons write,
 * and the other one's record may stand behind it by now. */
static void take_back(size_t written)
{
    off_t end = lseek(file.fd, 0, SEEK_CUR);
    if (!written || end < 0 || lseek(file.fd, 0, SEEK_END) != end)
        return;
    if (ftruncate(file.fd, end - (off_t)written) < 0)
        file_close();
}

/* begun: bytes of it that are written already. */
static void write_line(struct bytes line, size_t begun)
{
    if (!begun)
        file_check();
    if (file.fd < 0) {
        file.lost++;
        return;
    }
    size_t written = begun + write_most(line.data + begun, line.len - begun);
    if (written == line.len) {
        file_works();
        return;
    }
    file_failed("cannot write");
    file.lost++;
    take_back(written);
}

/* As many as fit in one write; *ret_begun: bytes of the next one that went, too. Returns how many
 * went whole. A pipe is not for this: it takes a short line whole, or not at all. */
static size_t write_together(const struct bytes *lines, size_t count, size_t *ret_begun)
{
    static char text[TOGETHER_BYTES];
    size_t len = 0;
    size_t whole = 0;
    *ret_begun = 0;
    file_check();
    if (file.fd < 0 || !file.regular || count < 2)
        return 0;
    for (size_t i = 0; i < count && lines[i].len <= sizeof text - len; i++) {
        memcpy(text + len, lines[i].data, lines[i].len);
        len += lines[i].len;
    }
    size_t left = write_most(text, len);
    while (whole < count && lines[whole].len <= left)
        left -= lines[whole++].len;
    *ret_begun = left;
    if (whole)
        file_works();
    return whole;
}

void record_file_write(const struct bytes *lines, size_t count)
{
    if (!file.path)
        return;
    for (size_t i = 0; i < count;) {
        size_t begun;
        size_t whole = write_together(lines + i, count - i, &begun);
        i += whole;
        if (!whole || begun)
            write_line(lines[i++], begun);
    }
}

void record_file_use(char *path)
{
    say_lost();
    file_close();
    free(file.path);
    file.path = path;
    file.checked = 0;
    file.broken = false;
    atomic_store(&works, true);
    if (path)
        file_check();
}

bool record_file_works(void)
{
    return atomic_load(&works);
}
