/* A daemon's first process stays until the second one serves: its exit status can be believed. */
#include "milter/background.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int waiting = -1; /* the end of a pipe that the first process reads from */

__attribute__((noreturn)) static void wait_for(pid_t child, int from)
{
    char byte;
    int status = 0;
    ssize_t got;
    do
        got = read(from, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1)
        _exit(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EX_OSERR);
}

bool background_enter(struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(error, "cannot go to the background: pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        return error_set(error, "cannot go to the background: fork: %s", strerror(errno));
    if (child > 0) {
        close(ends[1]);
        wait_for(child, ends[0]);
    }
    close(ends[0]);
    waiting = ends[1];
    setsid();
    return true;
}

void background_ready(void)
{
    if (waiting < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    bool told = chdir("/") == 0 && write(waiting, "", 1) == 1;
    (void)told; /* who waited has gone: nobody is left to be told */
    close(waiting);
    waiting = -1;
}
