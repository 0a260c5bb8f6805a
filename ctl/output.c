/* Whether what was printed came to anything. */
#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/command.h"

static bool change_made;
static int cause; /* errno's, of the first that failed; 0: not known */

void output_begin(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            /* The lowest that is free. In the other direction each use is an EBADF, as before. */
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void output_change_made(void)
{
    change_made = true;
}

void output_failed(void)
{
    if (!cause)
        cause = errno;
}

void output_flush(void)
{
    if (fflush(stdout) != 0)
        output_failed();
}

bool output_json(struct json *json)
{
    bool good = !json->failed;
    if (good && puts(json->data) == EOF)
        output_failed();
    json_done(json);
    return good;
}

int output_end(int status)
{
    struct error error;
    output_flush();
    if (!cause && !ferror(stdout))
        return status;
    error_set(&error, "%s%s%s",
              change_made ? "the change was made, but what there was to say of it could not be "
                            "written to standard output"
                          : "standard output could not be written",
              cause ? ": " : "", cause ? strerror(cause) : "");
    command_complain(&error, EX_IOERR);
    return status < EX__BASE ? EX_IOERR : status;
}
