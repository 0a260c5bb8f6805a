/* How commands complain. */
#include "ctl/command.h"

#include <stdio.h>

#include "ctl/plain.h"

int command_complain(const struct error *error, int status)
{
    fputs("submilterctl: ", stderr);
    plain_write(stderr, bytes_of(error->text));
    fputc('\n', stderr);
    return status;
}
