/* Progress on a terminal, and signals that end a command. */
#include "ctl/progress.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history/history.h"

#define FIRST_MS 500
#define AGAIN_MS 100
#define INTERRUPTED "submilterctl: interrupted\n"

static volatile sig_atomic_t caught;
static struct history *_Atomic asked;
static volatile sig_atomic_t ends_at_once;
static volatile sig_atomic_t line_is_shown;

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *verb, uint64_t total)
{
    *progress = (struct progress){.verb = verb,
                                  .total = total,
                                  .terminal = isatty(STDERR_FILENO),
                                  .next = monotonic_ms() + FIRST_MS};
}

/* 1234567 as "1,234,567". */
static void group_digits(uint64_t number, char *ret_text)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *ret_text++ = ',';
        *ret_text++ = digits[i];
    }
    *ret_text = '\0';
}

void progress_text(const struct progress *progress, char *ret_text, size_t size)
{
    char done[40], total[40];
    const char *gap = progress->unit ? " " : "", *unit = progress->unit ? progress->unit : "";
    group_digits(progress->done, done);
    group_digits(progress->total, total);
    if (!progress->done && !progress->total)
        snprintf(ret_text, size, "%s ...", progress->verb);
    else if (!progress->total || progress->done > progress->total)
        snprintf(ret_text, size, "%s %s%s%s", progress->verb, done, gap, unit);
    else
        snprintf(ret_text, size, "%s %s of %s%s%s", progress->verb, done, total, gap, unit);
}

static void show(struct progress *progress)
{
    int64_t now = monotonic_ms();
    char text[200];
    if (now < progress->next)
        return;
    progress_text(progress, text, sizeof text);
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    progress->shown = true;
    line_is_shown = 1;
    progress->next = now + AGAIN_MS;
}

void progress_step(struct progress *progress, uint64_t done)
{
    progress->done = done;
    /* Not a clock's reading for every row. */
    if (progress->terminal && done % 64 == 0)
        show(progress);
}

void progress_tick(void *progress)
{
    struct progress *ticking = progress;
    if (ticking->terminal)
        show(ticking);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
    line_is_shown = 0;
}

static void catch (int number)
{
    static const char words[] = "\r\033[K" INTERRUPTED;
    struct history *history = asked;
    size_t begin = line_is_shown ? 0 : sizeof words - sizeof INTERRUPTED;
    if (ends_at_once) {
        ssize_t ignored = write(STDERR_FILENO, words + begin, sizeof words - 1 - begin);
        (void)ignored;
        _exit(128 + number);
    }
    caught = number;
    if (history)
        history_interrupt(history);
}

void progress_catch(struct history *history)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    static bool catching;
    struct sigaction ours = {.sa_handler = catch, .sa_flags = SA_RESETHAND}, before;
    asked = history;
    for (size_t i = 0; !catching && i < sizeof ending / sizeof *ending; i++)
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(ending[i], &ours, NULL);
    catching = true;
}

void progress_catch_at_once(bool at_once)
{
    ends_at_once = at_once;
}

bool progress_interrupted(void)
{
    return caught != 0;
}

void progress_drop_untaken(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 0)
        __fpurge(stdout);
    clearerr(stdout); /* a write that the signal cut short */
}

int progress_status(void)
{
    progress_drop_untaken();
    fputs(INTERRUPTED, stderr);
    return 128 + caught;
}
