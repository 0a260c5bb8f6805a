/* The writer's thread and its bounded queue. */
#include "milter/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "milter/log.h"
#include "milter/signals.h"

#define QUEUE_BYTES ((size_t)16 << 20)
#define STOP_SECONDS 5
#define RETRY_SECONDS 1

struct item {
    struct item *next;
    struct record_text *record; /* or */
    char *line;                 /* with its priority */
    int priority;
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_cond_t ended;
    struct item *first, **last;
    size_t bytes;
    unsigned long dropped; /* since it was last said */
    bool running;
    bool stop;
    bool done;
    char *path; /* wanted */
    bool path_changed;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .more = PTHREAD_COND_INITIALIZER,
           .ended = PTHREAD_COND_INITIALIZER,
           .last = &queue.first};

/* Only the writer's thread touches these. */
static struct {
    int fd;
    char *path;
    dev_t device;
    ino_t inode;
    time_t checked; /* seconds that no clock's setting moves */
    bool broken;
    unsigned long lost;
} file = {.fd = -1};

static atomic_bool works = true;

static void file_failed(const char *what)
{
    if (!file.broken) {
        char line[600];
        snprintf(
            line, sizeof line,
            "%s: %s: %s; records are lost until it works again (log.on_error says what becomes "
            "of mail meanwhile)",
            file.path, what, strerror(errno));
        log_line(LOG_ERR, line);
    }
    file.broken = true;
    atomic_store(&works, false);
}

static void file_works(void)
{
    if (file.broken) {
        char line[600];
        snprintf(line, sizeof line, "%s: records are written again; %lu were lost", file.path,
                 file.lost);
        log_line(LOG_WARNING, line);
        file.lost = 0;
    }
    file.broken = false;
    atomic_store(&works, true);
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

static void write_record(const struct item *item)
{
    if (!file.path)
        return;
    file_check();
    if (file.fd < 0) {
        file.lost++;
        return;
    }
    struct bytes text = record_text_bytes(item->record);
    size_t written = write_most(text.data, text.len);
    if (written == text.len) {
        file_works();
        return;
    }
    file_failed("cannot write");
    file.lost++;
    take_back(written);
}

static void free_item(struct item *item)
{
    record_text_unref(item->record);
    free(item->line);
    free(item);
}

static void write_items(struct item *item)
{
    while (item) {
        struct item *next = item->next;
        if (item->record)
            write_record(item);
        else
            log_line(item->priority, item->line);
        free_item(item);
        item = next;
    }
}

static void take_new_path(char *path)
{
    file_close();
    free(file.path);
    file.path = path;
    file.checked = 0;
    file.broken = false;
    atomic_store(&works, true);
    if (path)
        file_check();
}

static void *run(void *unused)
{
    (void)unused;
    signals_block();
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (!queue.first && !queue.stop && !queue.path_changed)
            pthread_cond_wait(&queue.more, &queue.lock);
        struct item *items = queue.first;
        bool path_changed = queue.path_changed;
        char *path = path_changed && queue.path ? strdup(queue.path) : NULL;
        unsigned long dropped = queue.dropped;
        bool stop = queue.stop;
        queue.first = NULL;
        queue.last = &queue.first;
        queue.bytes = 0;
        queue.dropped = 0;
        queue.path_changed = false;
        pthread_mutex_unlock(&queue.lock);

        if (path_changed)
            take_new_path(path);
        write_items(items);
        if (dropped) {
            char line[100];
            snprintf(line, sizeof line, "%lu records were lost: the log could not keep up",
                     dropped);
            log_line(LOG_ERR, line);
        }

        pthread_mutex_lock(&queue.lock);
        if (stop && !queue.first)
            break;
    }
    queue.done = true;
    pthread_cond_signal(&queue.ended);
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

bool writer_start(struct error *error)
{
    int failed = pthread_create(&queue.thread, NULL, run, NULL);
    if (failed)
        return error_set(error, "cannot start the log's thread: %s", strerror(failed));
    pthread_mutex_lock(&queue.lock);
    queue.running = true;
    pthread_mutex_unlock(&queue.lock);
    return true;
}

void writer_stop(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_SECONDS;
    pthread_mutex_lock(&queue.lock);
    bool running = queue.running;
    queue.running = false;
    queue.stop = true;
    pthread_cond_signal(&queue.more);
    while (running && !queue.done && pthread_cond_timedwait(&queue.ended, &queue.lock, &until) == 0)
        ;
    bool done = queue.done;
    pthread_mutex_unlock(&queue.lock);
    if (!running || !done)
        return;
    pthread_join(queue.thread, NULL);
    file_close();
    free(file.path);
    free(queue.path);
    file.path = queue.path = NULL;
}

void writer_set_file(const char *path)
{
    pthread_mutex_lock(&queue.lock);
    free(queue.path);
    queue.path = path ? strdup(path) : NULL;
    queue.path_changed = true;
    pthread_cond_signal(&queue.more);
    pthread_mutex_unlock(&queue.lock);
}

/* Takes over what the item holds. False where the writer does not run. */
static bool enqueue(struct item content, size_t len)
{
    struct item *item = malloc(sizeof *item);
    bool running;
    pthread_mutex_lock(&queue.lock);
    running = queue.running;
    bool taken =
        running && item && (content.record || content.line) && queue.bytes + len <= QUEUE_BYTES;
    if (taken) {
        *item = content;
        *queue.last = item;
        queue.last = &item->next;
        queue.bytes += len;
        pthread_cond_signal(&queue.more);
    } else if (running) {
        queue.dropped++;
    }
    pthread_mutex_unlock(&queue.lock);
    if (!taken) {
        record_text_unref(content.record);
        free(content.line);
        free(item);
    }
    return running;
}

void writer_take_record(struct record_text *record)
{
    enqueue((struct item){.record = record}, record_text_bytes(record).len);
}

bool writer_take_line(int priority, const char *line)
{
    return enqueue((struct item){.line = strdup(line), .priority = priority}, strlen(line));
}

bool writer_works(void)
{
    pthread_mutex_lock(&queue.lock);
    bool room = queue.bytes < QUEUE_BYTES / 2;
    pthread_mutex_unlock(&queue.lock);
    return room && atomic_load(&works);
}
