/* What the daemon says of itself (not of messages: those are records): to syslog, and to stderr
 * with -f.
 *
 * Never blocks a callback for long: lines go through the writer's queue once it runs. */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stdbool.h>

/* to_stderr: -f; not where that is the journal, which gets what goes to syslog. verbose: records
 * are logged too where syslog is not their place. */
void log_open(bool to_stderr, bool verbose);
bool log_is_verbose(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A finished line, by its syslog priority; for the writer. */
void log_line(int priority, const char *line);

#endif
