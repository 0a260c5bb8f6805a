/* inject.so, for LD_PRELOAD: lets calls of the C library fail, or take their time, as the file
 * named in INJECT_CONTROL says (tests/faults/control.h). With INJECT_TRACE each failure's stack
 * goes to stderr. What the program defines itself hides what is here and asks for it by RTLD_NEXT:
 * so do the sanitizers' functions, but not their malloc(). */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/control.h"

enum call {
    CALL_ALLOC,
    CALL_OPEN,
    CALL_READ,
    CALL_WRITE,
    CALL_WRITEV,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_RENAME,
    CALL_PIPE,
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_ACCEPT,
    CALL_POLL,
    CALL_THREAD,
    CALL_RANDOM,
    CALL_SERVE,
    CALL_COUNT,
};

static const char *const names[CALL_COUNT] = {
    [CALL_ALLOC] = "alloc",   [CALL_OPEN] = "open",       [CALL_READ] = "read",
    [CALL_WRITE] = "write",   [CALL_WRITEV] = "writev",   [CALL_PWRITE] = "pwrite",
    [CALL_FSYNC] = "fsync",   [CALL_RENAME] = "rename",   [CALL_PIPE] = "pipe",
    [CALL_SOCKET] = "socket", [CALL_CONNECT] = "connect", [CALL_ACCEPT] = "accept",
    [CALL_POLL] = "poll",     [CALL_THREAD] = "thread",   [CALL_RANDOM] = "random",
    [CALL_SERVE] = "serve",
};

static struct control_row *rows[CALL_COUNT];
static bool traces;

static struct control_row *row_of(struct control *control, const char *name)
{
    for (size_t i = 0; i < CONTROL_ROWS; i++)
        if (strcmp(control->rows[i].name, name) == 0)
            return &control->rows[i];
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    void *frame;
    const char *path = getenv("INJECT_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return; /* a command that a daemon under test has started as somebody else */
    struct control *control =
        mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (control == MAP_FAILED)
        abort();
    traces = getenv("INJECT_TRACE") != NULL && backtrace(&frame, 1) > 0;
    for (size_t i = 0; i < CALL_COUNT; i++)
        rows[i] = row_of(control, names[i]);
}

static void wait_milliseconds(int32_t milliseconds)
{
    struct timespec left = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

static _Thread_local bool is_tracing; /* what that calls goes well */

static void trace(enum call call)
{
    void *frames[24];
    is_tracing = true;
    dprintf(STDERR_FILENO, "inject: %s fails:\n", names[call]);
    backtrace_symbols_fd(frames, backtrace(frames, 24), STDERR_FILENO);
    is_tracing = false;
}

/* Whether this call is to fail; errno says why. */
static bool fails_at(enum call call, const char *path)
{
    struct control_row *row = rows[call];
    if (!row || is_tracing || (row->path[0] && (!path || !strstr(path, row->path))))
        return false;
    uint64_t number = atomic_fetch_add(&row->seen, 1) + 1;
    uint64_t first = atomic_load(&row->first);
    if (!first || number < first || number > atomic_load(&row->last))
        return false;
    atomic_fetch_add(&row->struck, 1);
    if (row->delay)
        wait_milliseconds(row->delay);
    if (!row->error)
        return false;
    if (traces)
        trace(call);
    errno = row->error;
    return true;
}

static bool fails(enum call call)
{
    return fails_at(call, NULL);
}

static bool fails_on(enum call call, int fd)
{
    char link[32];
    char path[512];
    int before = errno;
    ssize_t len = -1;
    if (rows[call] && rows[call]->path[0]) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        len = readlink(link, path, sizeof path - 1);
    }
    path[len > 0 ? len : 0] = '\0';
    errno = before;
    return fails_at(call, path);
}

/* The function that ours hides. ISO C knows no way from an object's address to a function's. */
#define REAL(type, name)                                                                           \
    static __typeof__(type) *real;                                                                 \
    if (!real) {                                                                                   \
        void *found = dlsym(RTLD_NEXT, name);                                                      \
        memcpy(&real, &found, sizeof real);                                                        \
    }

void *malloc(size_t size)
{
    REAL(malloc, "malloc")
    return fails(CALL_ALLOC) ? NULL : real(size);
}

void *calloc(size_t count, size_t size)
{
    static _Thread_local bool asks; /* dlsym() itself, which does without */
    if (asks)
        return NULL;
    asks = true;
    REAL(calloc, "calloc")
    asks = false;
    return fails(CALL_ALLOC) ? NULL : real(count, size);
}

void *realloc(void *memory, size_t size)
{
    REAL(realloc, "realloc")
    return fails(CALL_ALLOC) ? NULL : real(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    REAL(reallocarray, "reallocarray")
    return fails(CALL_ALLOC) ? NULL : real(memory, count, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    REAL(posix_memalign, "posix_memalign")
    return fails(CALL_ALLOC) ? ENOMEM : real(ret_memory, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(aligned_alloc, "aligned_alloc")
    return fails(CALL_ALLOC) ? NULL : real(alignment, size);
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(function)                                                                             \
    int function(const char *path, int flags, ...)                                                 \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = mode_of(flags, args);                                                        \
        va_end(args);                                                                              \
        REAL(function, #function)                                                                  \
        return fails_at(CALL_OPEN, path) ? -1 : real(path, flags, mode);                           \
    }
OPEN(open)
OPEN(open64)

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    REAL(fopen, "fopen")
    return fails_at(CALL_OPEN, path) ? NULL : real(path, mode);
}

ssize_t read(int fd, void *buffer, size_t len)
{
    REAL(read, "read")
    return fails_on(CALL_READ, fd) ? -1 : real(fd, buffer, len);
}

ssize_t write(int fd, const void *buffer, size_t len)
{
    REAL(write, "write")
    return fails_on(CALL_WRITE, fd) ? -1 : real(fd, buffer, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev, "writev")
    return fails_on(CALL_WRITEV, fd) ? -1 : real(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *buffer, size_t len, off64_t at)
{
    REAL(pwrite64, "pwrite64")
    return fails_on(CALL_PWRITE, fd) ? -1 : real(fd, buffer, len, at);
}

int fsync(int fd)
{
    REAL(fsync, "fsync")
    return fails_on(CALL_FSYNC, fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync, "fdatasync")
    return fails_on(CALL_FSYNC, fd) ? -1 : real(fd);
}

int rename(const char *from, const char *to)
{
    REAL(rename, "rename")
    return fails_at(CALL_RENAME, to) ? -1 : real(from, to);
}

int pipe2(int ends[2], int flags)
{
    REAL(pipe2, "pipe2")
    return fails(CALL_PIPE) ? -1 : real(ends, flags);
}

int socket(int domain, int type, int protocol)
{
    REAL(socket, "socket")
    return fails(CALL_SOCKET) ? -1 : real(domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    REAL(connect, "connect")
    return fails(CALL_CONNECT) ? -1 : real(fd, address, len);
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
    REAL(accept, "accept")
    return fails(CALL_ACCEPT) ? -1 : real(fd, address, len);
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    REAL(poll, "poll")
    return fails(CALL_POLL) ? -1 : real(fds, count, milliseconds);
}

int pthread_create(pthread_t *restrict ret_thread, const pthread_attr_t *restrict attributes,
                   void *(*start)(void *), void *restrict argument)
{
    REAL(pthread_create, "pthread_create")
    return fails(CALL_THREAD) ? EAGAIN : real(ret_thread, attributes, start, argument);
}

ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
    REAL(getrandom, "getrandom")
    return fails(CALL_RANDOM) ? -1 : real(buffer, len, flags);
}

/* libmilter's main loop is entered by the first call, and left by the second. */
int smfi_main(void);
int smfi_main(void)
{
    REAL(smfi_main, "smfi_main")
    if (fails(CALL_SERVE))
        return -1;
    int status = real();
    return fails(CALL_SERVE) ? -1 : status;
}
