/* The password: from a file, standard input or the terminal; never from the command line. */
#ifndef CTL_VERIFY_PASSWORD_H
#define CTL_VERIFY_PASSWORD_H

#include <stddef.h>

#include "policy/error.h"

#define PASSWORD_MAX 1024

struct password {
    char text[PASSWORD_MAX];
};

/* file: NULL for the terminal, where it is not shown; "-" for standard input. Its first line,
 * without the line end. On a signal the terminal is mended before the process ends of it. */
MUST_CHECK bool password_read(const char *file, const char *login, struct password *ret_password,
                              struct error *error);
void password_wipe(struct password *password);

#endif
