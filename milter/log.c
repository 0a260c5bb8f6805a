/* The daemon's own words, to syslog and stderr. */
#include "milter/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "milter/writer.h"

static struct {
    bool to_stderr;
    bool verbose;
} state;

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

void log_line(int priority, const char *line)
{
    syslog(priority, "%s", line);
    if (state.to_stderr)
        fprintf(stderr, "submilter: %s\n", line);
}

/* One line, whatever stands in the arguments. */
__attribute__((format(printf, 2, 0))) static void say(int priority, const char *format,
                                                      va_list args)
{
    char line[2048];
    vsnprintf(line, sizeof line, format, args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    if (!writer_take_line(priority, line))
        log_line(priority, line);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_ERR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_INFO, format, args);
    va_end(args);
}
