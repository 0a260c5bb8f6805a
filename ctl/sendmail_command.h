/* Commands about Sendmail for a shell, as people are told them. */
#ifndef CTL_SENDMAIL_COMMAND_H
#define CTL_SENDMAIL_COMMAND_H

#include "mta/sendmail_build.h"

/* Makes the .cf anew; its mode and owner stay. NULL when memory is out. */
const char *sendmail_command_build(struct arena *arena, const struct sendmail_build *build);

#endif
