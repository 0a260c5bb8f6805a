/* Writing the pid file, as root perhaps, without being led elsewhere. */
#include "milter/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_to(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_nlink != 1))
        return error_set(error, "pid_file: %s is no plain file with one name; remove it", path);
    if (fchmod(fd, 0644) < 0 || ftruncate(fd, 0) < 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
        return error_set(error, "pid_file: cannot write %s: %s", path, strerror(errno));
    return true;
}

bool pid_file_write(const char *path, struct error *error)
{
    if (!path)
        return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(error,
                         "pid_file: cannot write %s: %s; its folder must exist, and the file be "
                         "no symbolic link",
                         path, strerror(errno));
    bool written = write_to(fd, path, error);
    close(fd);
    return written;
}
