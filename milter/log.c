/* The daemon's own words, to syslog and stderr. */
#include "milter/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "milter/outbox.h"
#include "milter/signals.h"

#define QUEUE_BYTES ((size_t)4 << 20)
#define STOP_SECONDS 5

struct line_item {
    struct outbox_item item;
    int priority;
    char text[];
};

/* How lines go out. */
enum way {
    WAY_DIRECT, /* whoever has one says it */
    WAY_THREAD,
    WAY_NONE, /* the thread waits for syslogd and did not end: so would everybody else */
};

static struct {
    bool to_stderr;
    bool verbose;
} state;

static struct outbox lines;
static pthread_t thread;
static _Atomic(enum way) way = WAY_DIRECT;

/* Under systemd both ways end in the journal: JOURNAL_STREAM names what standard error is then. */
static bool stderr_is_journal(void)
{
    char here[64];
    struct stat status;
    const char *journal = getenv("JOURNAL_STREAM");
    if (!journal || fstat(STDERR_FILENO, &status) < 0)
        return false;
    snprintf(here, sizeof here, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(journal, here) == 0;
}

void log_open(bool to_stderr, bool verbose)
{
    state.to_stderr = to_stderr && !stderr_is_journal();
    state.verbose = verbose;
    openlog("submilter", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

bool log_is_verbose(void)
{
    return state.verbose;
}

/* Not by syslog(), which is libmilter's way to here (milter/log_libmilter.c). */
__attribute__((format(printf, 2, 3))) static void to_syslog(int priority, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsyslog(priority, format, args);
    va_end(args);
}

static void say(int priority, const char *line)
{
    to_syslog(priority, "%s", line);
    if (state.to_stderr)
        fprintf(stderr, "submilter: %s\n", line);
}

static void say_items(struct outbox_item *item, unsigned long lost)
{
    while (item) {
        struct outbox_item *next = item->next;
        const struct line_item *line = (const struct line_item *)item;
        say(line->priority, line->text);
        free(item);
        item = next;
    }
    if (lost) {
        char line[100];
        snprintf(line, sizeof line,
                 "%lu log lines were lost: syslog could not keep up, or memory was out", lost);
        say(LOG_ERR, line);
    }
}

static void *run(void *unused)
{
    (void)unused;
    signals_block();
    struct outbox_item *items;
    unsigned long lost;
    while (outbox_take(&lines, &items, &lost))
        say_items(items, lost);
    outbox_has_ended(&lines);
    return NULL;
}

bool log_start(struct error *error)
{
    outbox_init(&lines, QUEUE_BYTES);
    int failed = pthread_create(&thread, NULL, run, NULL);
    if (failed)
        return error_set(error, "cannot start the log's thread: %s", strerror(failed));
    atomic_store(&way, WAY_THREAD);
    return true;
}

/* What was handed over after the thread's last look. */
static void say_rest(void)
{
    struct outbox_item *items;
    unsigned long lost;
    outbox_take_rest(&lines, &items, &lost);
    say_items(items, lost);
}

void log_stop(void)
{
    bool ended = outbox_end(&lines, STOP_SECONDS);
    atomic_store(&way, ended ? WAY_DIRECT : WAY_NONE);
    if (!ended)
        return;
    pthread_join(thread, NULL);
    say_rest();
}

static void hand_over(int priority, const char *text)
{
    size_t len = strlen(text) + 1;
    struct line_item *line = malloc(sizeof *line + len);
    if (!line) {
        outbox_lose(&lines);
        return;
    }
    line->item.size = sizeof *line + len;
    line->priority = priority;
    memcpy(line->text, text, len);
    if (!outbox_put(&lines, &line->item))
        free(line);
    if (atomic_load(&way) == WAY_DIRECT) /* since we looked: log_stop may have been here already */
        say_rest();
}

/* One line, whatever stands in the arguments. */
void log_at(int priority, const char *format, va_list args)
{
    char line[2048];
    vsnprintf(line, sizeof line, format, args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    switch (atomic_load(&way)) {
    case WAY_DIRECT:
        say(priority, line);
        break;
    case WAY_THREAD:
        hand_over(priority, line);
        break;
    case WAY_NONE:
        break;
    }
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(LOG_ERR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(LOG_INFO, format, args);
    va_end(args);
}
