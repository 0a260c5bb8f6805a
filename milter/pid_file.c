/* Writing the pid file, opened as root perhaps, without being led elsewhere. */
#include "milter/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int opened = -1;

bool pid_file_open(const char *path, struct error *error)
{
    struct stat status;
    if (!path)
        return true;
    opened = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (opened < 0)
        return error_set(error,
                         "pid_file: cannot write %s: %s; its folder must exist, and the file be "
                         "no symbolic link; where it is root's, let root run submilter -t",
                         path, strerror(errno));
    bool plain = fstat(opened, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
    if (plain && (fchmod(opened, 0644) == 0 || errno == EPERM))
        return true;
    int reason = errno;
    close(opened);
    opened = -1;
    if (plain)
        return error_set(error, "pid_file: cannot write %s: %s", path, strerror(reason));
    return error_set(error, "pid_file: %s is no plain file with one name; remove it", path);
}

bool pid_file_write(struct error *error)
{
    if (opened < 0)
        return true;
    bool written = ftruncate(opened, 0) == 0 && dprintf(opened, "%ld\n", (long)getpid()) > 0;
    int reason = errno;
    close(opened);
    opened = -1;
    return written || error_set(error, "pid_file: cannot be written: %s", strerror(reason));
}
