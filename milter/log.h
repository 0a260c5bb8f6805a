/* What the daemon says of itself and, a line a message, of its decisions: to syslog, and to stderr
 * with -f.
 *
 * syslogd may be slow, or not read at all: once log_start was called a thread of its own speaks to
 * it, and nobody else waits. What it is too slow for is lost; that is counted, and said as soon as
 * it reads again. */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "policy/error.h"

/* to_stderr: -f; not where that is the journal, which gets what goes to syslog. verbose: records
 * are logged too where syslog is not their place. */
void log_open(bool to_stderr, bool verbose);
bool log_is_verbose(void);

/* Starts and ends the thread; the end waits some seconds at most for what is not yet said. */
MUST_CHECK bool log_start(struct error *error);
void log_stop(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* priority: as syslog(3) has it. */
void log_at(int priority, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
