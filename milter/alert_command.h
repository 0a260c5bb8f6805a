/* Runs an admin's program for an alert. */
#ifndef MILTER_ALERT_COMMAND_H
#define MILTER_ALERT_COMMAND_H

#include <stdatomic.h>
#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

#define ALERT_COMMAND_SECONDS 10 /* then it is ended */

/* command: a path, and words behind it that blanks divide; then words follow, NULL at their end.
 * No shell reads any of it. input comes on standard input; of what it prints the first line stands
 * in error where it fails.
 *
 * It has a session and an environment of its own (PATH, LANG), no descriptor of ours, no signal
 * blocked or ignored, and / for its folder. True: it ended with 0. Waits until it has ended, and
 * ends it after that time, or at the moment *end_by (of clock_milliseconds). Descendants that it
 * leaves behind live on, unless it had to be ended. */
MUST_CHECK bool alert_command_run(const char *command, char *const *words, struct bytes input,
                                  const _Atomic int64_t *end_by, struct error *error);

#endif
