/* Writing beside, and renaming. */
#include "ctl/report/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0640

static bool may_replace(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) < 0)
        return errno == ENOENT || error_set(error, "%s: %s", path, strerror(errno));
    if (S_ISLNK(status.st_mode))
        return error_set(
            error, "%s: it is a symbolic link, which is not followed: name the file itself", path);
    return S_ISREG(status.st_mode) ||
           error_set(error, "%s: it is no file; for standard output say \"-\"", path);
}

static bool open_draft(struct out_file *file, struct error *error)
{
    mode_t mask = umask(0);
    umask(mask);
    int len = snprintf(file->draft, sizeof file->draft, "%s.XXXXXX", file->path);
    if (len < 0 || (size_t)len >= sizeof file->draft)
        return error_set(error, "%s: the name is too long", file->path);
    int fd = mkostemp(file->draft, O_CLOEXEC); /* O_EXCL: no link is followed */
    if (fd >= 0 && fchmod(fd, MODE & ~mask) == 0 && (file->stream = fdopen(fd, "w")))
        return true;
    int cause = errno;
    if (fd >= 0) {
        unlink(file->draft);
        close(fd);
    }
    return error_set(error, "%s: cannot write beside it: %s", file->path, strerror(cause));
}

bool out_file_begin(struct out_file *file, const char *path, struct error *error)
{
    *file = (struct out_file){.path = path};
    if (strcmp(path, "-") == 0) {
        file->stream = stdout;
        return true;
    }
    return may_replace(path, error) && open_draft(file, error);
}

bool out_file_finish(struct out_file *file, struct error *error)
{
    if (file->stream == stdout) /* main's to look at */
        return true;
    bool good = fflush(file->stream) == 0 && !ferror(file->stream);
    good = good && fsync(fileno(file->stream)) == 0;
    int cause = errno;
    bool closed = fclose(file->stream) == 0;
    file->stream = NULL;
    if (good && closed && may_replace(file->path, error)) {
        if (rename(file->draft, file->path) == 0)
            return true;
        (void)error_set(error, "%s: %s", file->path, strerror(errno));
    } else if (!good || !closed) {
        (void)error_set(error, "%s: %s", file->path, strerror(good ? errno : cause));
    }
    unlink(file->draft);
    return false;
}

void out_file_drop(struct out_file *file)
{
    if (!file->stream || file->stream == stdout)
        return;
    fclose(file->stream);
    file->stream = NULL;
    unlink(file->draft);
}
