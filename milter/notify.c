/* The service manager's datagrams. */
#include "milter/notify.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct {
    int fd;
    struct sockaddr_un address;
    socklen_t address_len;
    int interval;
} manager = {.fd = -1};

static bool read_address(const char *text)
{
    size_t len = strlen(text);
    if ((*text != '/' && *text != '@') || len < 2 || len >= sizeof manager.address.sun_path)
        return false;
    manager.address.sun_family = AF_UNIX;
    memcpy(manager.address.sun_path, text, len + 1);
    manager.address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (*text == '@')
        manager.address.sun_path[0] = '\0'; /* an abstract name: as long as it is, and no NUL */
    else
        manager.address_len++;
    return true;
}

static long long number_in(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long long number = text ? strtoll(text, &end, 10) : 0;
    return text && *text && !*end && number > 0 ? number : 0;
}

void notify_open(void)
{
    const char *socket_name = getenv("NOTIFY_SOCKET");
    bool for_us = !getenv("WATCHDOG_PID") || number_in("WATCHDOG_PID") == getpid();
    long long microseconds = for_us ? number_in("WATCHDOG_USEC") : 0;
    unsetenv("WATCHDOG_PID"); /* a successor is not this process */
    if (!for_us)
        unsetenv("WATCHDOG_USEC");
    if (!socket_name || !read_address(socket_name))
        return;
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (microseconds)
        manager.interval = microseconds / 2000 >= INT_MAX ? INT_MAX : (int)(microseconds / 2000);
    if (microseconds && !manager.interval)
        manager.interval = 1;
}

static void tell(const char *text)
{
    if (manager.fd < 0)
        return;
    /* A manager that has gone can't be told, and need not. */
    ssize_t ignored = sendto(manager.fd, text, strlen(text), MSG_NOSIGNAL,
                             (const struct sockaddr *)&manager.address, manager.address_len);
    (void)ignored;
}

__attribute__((format(printf, 2, 0))) static void tell_status(const char *state, const char *format,
                                                              va_list args)
{
    char text[2048];
    size_t len = (size_t)snprintf(text, sizeof text, "%sSTATUS=", state);
    vsnprintf(text + len, sizeof text - len, format, args);
    for (char *at = text + len; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' '; /* a line end would begin another variable */
    tell(text);
}

void notify_ready(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell_status("READY=1\n", format, args);
    va_end(args);
}

void notify_reloading(void)
{
    char text[80];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(text);
}

void notify_stopping(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell_status("STOPPING=1\n", format, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void tell_failure(int exit_status, const char *format,
                                                               ...)
{
    char state[40];
    va_list args;
    snprintf(state, sizeof state, "EXIT_STATUS=%d\n", exit_status);
    va_start(args, format);
    tell_status(state, format, args);
    va_end(args);
}

void notify_failed(const char *text, int exit_status)
{
    tell_failure(exit_status, "%s", text);
}

void notify_successor(pid_t process)
{
    char text[40];
    snprintf(text, sizeof text, "MAINPID=%ld", (long)process);
    tell(text);
    if (manager.fd >= 0)
        close(manager.fd);
    manager.fd = -1;
    manager.interval = 0;
}

void notify_alive(void)
{
    tell("WATCHDOG=1");
}

int notify_interval(void)
{
    return manager.interval;
}
