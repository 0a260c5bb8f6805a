/* libmilter's own words go the way of ours: it speaks to syslog in the thread that serves a
 * session, or that accepts them all, and waits where syslogd does not read.
 *
 * Its calls are bound to these, by the linker or the dynamic linker. We ourselves say nothing by
 * syslog(). */
#include <stdarg.h>
#include <syslog.h>

#include "milter/log.h"

#undef syslog

/* What <syslog.h> makes of syslog() with _FORTIFY_SOURCE, which Debian's libmilter is built with.
 */
void fortified_syslog(int priority, int flag, const char *format, ...) __asm__("__syslog_chk")
    __attribute__((format(printf, 3, 4)));

void fortified_syslog(int priority, int flag, const char *format, ...)
{
    (void)flag;
    va_list args;
    va_start(args, format);
    log_at(priority, format, args);
    va_end(args);
}

void syslog(int priority, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(priority, format, args);
    va_end(args);
}
