/* submilter's socket, as submilter.conf names it, in the MTAs' own words. */
#ifndef MTA_ENDPOINT_H
#define MTA_ENDPOINT_H

#include "policy/arena.h"

/* The path of a unix socket ("unix:PATH", "local:PATH", "PATH"); NULL for any other. */
const char *endpoint_path(const char *socket);

/* Whether the socket was handed over ("fd:N"), so that nobody can tell from it where it is. */
bool endpoint_is_handed_over(const char *socket);

/* "unix:PATH", relative below the queue directory, or "inet:HOST:PORT", as main.cf has it. NULL for
 * a socket that was handed over, and when memory is out. */
const char *endpoint_for_postfix(struct arena *arena, const char *socket, const char *queue);

/* "unix:PATH", "inet:PORT@HOST", "inet6:PORT@HOST", as S= has it; the same holds. */
const char *endpoint_for_sendmail(struct arena *arena, const char *socket);

#endif
